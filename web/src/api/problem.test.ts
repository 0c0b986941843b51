import { describe, expect, it } from 'vitest'
import { parseJson, readProblem } from './problem'

describe('readProblem', () => {
  it('keeps what the server said', () => {
    const body = {
      type: 'x',
      title: 'Too large',
      status: 413,
      detail: 'is 212 MB',
      code: 'too_large',
      request_id: 'r1',
    }
    expect(readProblem(413, body, 'else')).toEqual({
      status: 413,
      code: 'too_large',
      detail: 'is 212 MB',
      requestId: 'r1',
    })
  })

  it('has words where a proxy answered in HTML', () => {
    const problem = readProblem(502, parseJson('<html>Bad gateway</html>'), 'else')
    expect(problem).toEqual({ status: 502, code: 'not_json', detail: 'else', requestId: null })
  })

  it('falls back on the title', () => {
    expect(readProblem(400, { title: 'Bad request', detail: '' }, 'else').detail).toBe('Bad request')
  })
})

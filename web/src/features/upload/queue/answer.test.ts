import { describe, expect, it } from 'vitest'
import { anImage } from '../../../api/testing'
import { readAnswer } from './answer'

const NOW = Date.parse('2026-11-21T20:00:00Z')
const answer = (status: number, body: unknown, retryAfter: string | null = null) =>
  readAnswer({ status, body: typeof body === 'string' ? body : JSON.stringify(body), retryAfter }, 2_097_152, NOW)

const problem = (status: number, code: string) => ({
  title: code,
  status,
  detail: `why ${code}`,
  code,
  request_id: 'r7',
})

describe('readAnswer', () => {
  it('takes 201 and a duplicate’s 200', () => {
    expect(answer(201, anImage('a'))).toMatchObject({ kind: 'ready', image: { id: 'a' } })
    expect(answer(200, { ...anImage('b'), duplicate: true })).toMatchObject({
      kind: 'ready',
      image: { duplicate: true },
    })
  })

  it.each([200, 201])('does not take a %i without an image for success', status => {
    expect(answer(status, '<html>')).toMatchObject({ kind: 'refused', retriable: true })
  })

  it.each([
    [400, false],
    [401, false],
    [403, false],
    [408, true],
    [413, false],
    [415, false],
    [422, false],
    [500, true],
    [507, true],
  ])('of %i says whether the same bytes may be taken later: %s', (status, retriable) => {
    expect(answer(status, problem(status, 'c'))).toEqual({
      kind: 'refused',
      retriable,
      problem: { status, code: 'c', detail: 'why c', requestId: 'r7' },
    })
  })

  it.each([
    [429, '7', 7],
    [503, null, 5],
    [502, 'soon', 5],
    [504, '9999', 300],
    [503, '0', 1],
    [429, 'Sat, 21 Nov 2026 20:00:40 GMT', 40],
  ])('is put off by %i with Retry-After %s for %i s', (status, retryAfter, seconds) => {
    expect(answer(status, problem(status, 'c'), retryAfter)).toMatchObject({ kind: 'held', seconds })
  })

  it('has words for a proxy that brings none', () => {
    expect(answer(413, '<html>413</html>')).toMatchObject({ problem: { detail: expect.stringContaining('2 MB') } })
    expect(answer(401, '')).toMatchObject({ problem: { detail: expect.stringContaining('with a token only') } })
    expect(answer(507, '')).toMatchObject({ problem: { detail: expect.stringContaining('disk is full') } })
    expect(answer(418, '')).toMatchObject({ problem: { detail: expect.stringContaining('418') } })
  })
})

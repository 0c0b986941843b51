import { describe, expect, it } from 'vitest'
import { anImage } from '../../../api/testing'
import { Announcer } from './announcer'
import { backoff } from './backoff'
import type { Snapshot } from './queue'
import { reduce } from './reducer'
import { SpeedMeter } from './speed'
import { emptyQueue, type QueueState } from './state'
import { aJpeg } from './testing'
import { totalsOf } from './totals'

const files = (...names: string[]) => names.map(name => ({ id: name, file: aJpeg(name), name, size: 1_000 }))
const play = (...actions: Parameters<typeof reduce>[1][]): QueueState => actions.reduce(reduce, emptyQueue)
const snapshot = (state: QueueState): Snapshot => ({ ...state, totals: totalsOf(state, null) })
const problem = { status: 422, code: 'c', detail: 'is damaged', requestId: null }

describe('backoff', () => {
  it('waits 0, 1, 3, 8 and 20 s, spread by chance', () => {
    expect([0, 1, 2, 3, 4, 9].map(attempt => backoff(attempt, () => 0.5))).toEqual([150, 1e3, 3e3, 8e3, 2e4, 2e4])
    expect(backoff(1, () => 0)).toBe(800)
    expect(backoff(1, () => 1)).toBeCloseTo(1_200)
  })
})

describe('reduce', () => {
  it('ignores news of rows that are past it', () => {
    const state = play(
      { type: 'added', files: files('a') },
      { type: 'passed', id: 'a' },
      { type: 'started', id: 'a' },
      { type: 'answered', id: 'a', image: anImage('a') },
    )
    expect(reduce(state, { type: 'progressed', id: 'a', sent: 5 })).toBe(state)
    expect(reduce(state, { type: 'lost', id: 'a' })).toBe(state)
    expect(reduce(state, { type: 'started', id: 'gone' })).toBe(state)
  })

  it('bounds progress by the file', () => {
    const state = play(
      { type: 'added', files: files('a') },
      { type: 'passed', id: 'a' },
      { type: 'started', id: 'a' },
      { type: 'progressed', id: 'a', sent: 9_999 },
    )
    expect(state.rows[0]?.state).toEqual({ kind: 'sending', sent: 1_000 })
  })
})

describe('SpeedMeter', () => {
  it('is silent for 3 s, then tells the speed of the last 8 s', () => {
    const meter = new SpeedMeter()
    for (let at = 0; at <= 2_900; at += 100) meter.record(100, at)
    expect(meter.perSecond(2_900)).toBeNull()
    for (let at = 3_000; at <= 20_000; at += 100) meter.record(500, at)
    expect(meter.perSecond(20_000)).toBeCloseTo(5_000, -2)
  })

  it('falls to nothing when nothing moves', () => {
    const meter = new SpeedMeter()
    for (let at = 0; at <= 4_000; at += 100) meter.record(100, at)
    expect(meter.perSecond(30_000)).toBeNull()
  })
})

describe('totalsOf', () => {
  it('reckons the time left from the speed', () => {
    const state = play({ type: 'added', files: files('a', 'b') }, { type: 'passed', id: 'a' })
    expect(totalsOf(state, 100).secondsLeft).toBe(20)
    expect(totalsOf(state, 0).secondsLeft).toBeNull()
    expect(totalsOf(state, null).secondsLeft).toBeNull()
  })
})

describe('Announcer', () => {
  const uploading = play(
    { type: 'added', files: files('a', 'b') },
    { type: 'passed', id: 'a' },
    { type: 'passed', id: 'b' },
    { type: 'started', id: 'a' },
    { type: 'started', id: 'b' },
  )
  const one = reduce(uploading, { type: 'answered', id: 'a', image: anImage('a') })
  const both = reduce(one, { type: 'answered', id: 'b', image: anImage('b') })
  const refused = reduce(one, { type: 'refused', id: 'b', problem, retriable: false })

  it('speaks at most every 5 s, and of the end exactly once', () => {
    const announcer = new Announcer()
    expect(announcer.hear(snapshot(uploading), 0)).toEqual({ status: '0 of 2 uploaded' })
    expect(announcer.hear(snapshot(one), 1_000)).toBeNull()
    expect(announcer.hear(snapshot(one), 5_000)).toEqual({ status: '1 of 2 uploaded' })
    expect(announcer.hear(snapshot(one), 15_000)).toBeNull()
    expect(announcer.hear(snapshot(both), 15_100)).toEqual({ status: 'All 2 uploaded' })
    expect(announcer.hear(snapshot(both), 60_000)).toBeNull()
  })

  it('says each refusal once', () => {
    const announcer = new Announcer()
    announcer.hear(snapshot(one), 0)
    expect(announcer.hear(snapshot(refused), 100)).toEqual({
      alert: 'b: is damaged',
      status: '1 uploaded, 1 refused',
    })
    expect(announcer.hear(snapshot(refused), 9_000)).toBeNull()
  })

  it('says several refusals at once in one sentence', () => {
    const all = reduce(reduce(uploading, { type: 'refused', id: 'a', problem, retriable: false }), {
      type: 'refused',
      id: 'b',
      problem,
      retriable: false,
    })
    expect(new Announcer().hear(snapshot(all), 0)).toEqual({ alert: '2 files refused. Each says why in the list.' })
  })

  it('says that the connection is lost, and that it is back', () => {
    const announcer = new Announcer()
    announcer.hear(snapshot(uploading), 0)
    const down = reduce(uploading, { type: 'lost', id: 'a' })
    expect(announcer.hear(snapshot(down), 100)?.status).toMatch(/lost/)
    expect(announcer.hear(snapshot(reduce(down, { type: 'reconnected' })), 200)?.status).toMatch(/back/)
  })
})

import { describe, expect, it } from 'vitest'
import { anImage } from '../../api/testing'
import { layOut, rowAt, rowOf, step } from './layout'

/** 5 in November, 2 in October; 20 in all. */
const images = [11, 11, 11, 11, 11, 10, 10].map((month, index) =>
  anImage(String(index), { created_at: `2026-${month}-15T12:00:00Z` }),
)
const layout = layOut(images, 20, { columns: 3, rowHeight: 100, monthHeight: 50 })

describe('layout', () => {
  it('breaks rows at months and leaves room for what is not listed yet', () => {
    expect(layout.rows).toEqual([
      { kind: 'month', label: 'November 2026' },
      { kind: 'images', first: 0, count: 3 },
      { kind: 'images', first: 3, count: 2 },
      { kind: 'month', label: 'October 2026' },
      { kind: 'images', first: 5, count: 3 },
      { kind: 'images', first: 8, count: 3 },
      { kind: 'images', first: 11, count: 3 },
      { kind: 'images', first: 14, count: 3 },
      { kind: 'images', first: 17, count: 3 },
    ])
    expect(layout.starts).toEqual([0, 50, 150, 250, 300, 400, 500, 600, 700])
    expect(layout.height).toBe(800)
  })

  it.each([
    [0, 1],
    [2, 1],
    [3, 2],
    [5, 4],
    [19, 8],
  ])('finds image %i in row %i', (index, row) => expect(rowOf(layout, index)).toBe(row))

  it.each([
    [0, 0],
    [49, 0],
    [50, 1],
    [799, 8],
    [5000, 8],
  ])('finds y %i in row %i', (y, row) => expect(rowAt(layout, y)).toBe(row))

  it.each([
    ['ArrowRight', 19, 19],
    ['ArrowLeft', 0, 0],
    ['ArrowDown', 2, 4],
    ['ArrowDown', 3, 5],
    ['ArrowUp', 6, 4],
    ['ArrowUp', 1, 1],
    ['PageDown', 0, 8],
    ['PageUp', 19, 10],
    ['Home', 9, 0],
    ['End', 0, 19],
  ])('%s from %i leads to %i', (key, from, to) => expect(step(layout, from, key, 20, 3)).toBe(to))

  it('leaves other keys alone', () => expect(step(layout, 0, 'a', 20, 3)).toBeNull())

  it('lays a table out in single rows without months', () => {
    const table = layOut(images, 7, { columns: 1, rowHeight: 57, monthHeight: 0 })
    expect(table.rows).toHaveLength(7)
    expect(table.height).toBe(7 * 57)
  })

  it('is empty where nothing is', () =>
    expect(layOut([], 0, { columns: 3, rowHeight: 1, monthHeight: 1 }).rows).toEqual([]))
})

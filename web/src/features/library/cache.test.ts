import { describe, expect, it } from 'vitest'
import { anImage } from '../../api/testing'
import { followerOf, imagesOf, type Listed, totalOf, withBack, withFirstPage, withNew, without } from './cache'

const image = (id: string, day = 10) => anImage(id, { created_at: `2026-11-${String(day).padStart(2, '0')}T00:00:00Z` })

const listed = (...pages: string[][]): Listed => ({
  pages: pages.map((ids, index) => ({
    images: ids.map(id => image(id)),
    next_cursor: index === pages.length - 1 ? 'more' : `c${index}`,
    total: 10,
  })),
  pageParams: pages.map((_, index) => (index === 0 ? null : `c${index - 1}`)),
})

const ids = (data: Listed) => imagesOf(data).map(each => each.id)

describe('the cache of listed images', () => {
  it('puts new images on top, once', () => {
    const data = withNew(listed(['b', 'c'], ['d']), [image('a'), image('c')], 'newest')
    expect(ids(data)).toEqual(['a', 'b', 'c', 'd'])
    expect(totalOf(data)).toBe(11)
  })

  it('puts new images at the end of a list that begins with the oldest, once it has been read so far', () => {
    const part = withNew(listed(['a', 'b'], ['c']), [image('d')], 'oldest')
    expect(ids(part)).toEqual(['a', 'b', 'c'])
    expect(totalOf(part)).toBe(11)
    const all: Listed = { pages: [{ images: [image('a')], next_cursor: null, total: 1 }], pageParams: [null] }
    expect(ids(withNew(all, [image('c'), image('b')], 'oldest'))).toEqual(['a', 'b', 'c'])
  })

  it('removes, and brings back to the same place', () => {
    const before = listed(['a', 'b'], ['c', 'd'])
    const follower = followerOf(before, 'b')
    const removed = without(before, ['b'])
    expect(ids(removed)).toEqual(['a', 'c', 'd'])
    expect(totalOf(removed)).toBe(9)
    const back = withBack(removed, image('b'), follower, 'newest')
    expect(ids(back)).toEqual(['a', 'b', 'c', 'd'])
    expect(totalOf(back)).toBe(10)
    expect(ids(withBack(back, image('b'), follower, 'newest'))).toEqual(['a', 'b', 'c', 'd'])
  })

  it('brings the last one back to the end, and one without its follower to its date', () => {
    expect(ids(withBack(listed(['a']), image('z', 1), null, 'newest'))).toEqual(['a', 'z'])
    expect(ids(withBack(listed(['a']), image('new', 20), null, 'newest'))).toEqual(['new', 'a'])
    expect(ids(withBack(listed(['a']), image('new', 20), null, 'oldest'))).toEqual(['a', 'new'])
    expect(ids(withBack(listed(['a']), image('old', 1), null, 'oldest'))).toEqual(['old', 'a'])
    expect(ids(withBack(listed([]), image('only'), null, 'newest'))).toEqual(['only'])
  })

  it('takes over the first page where it still meets the rest', () => {
    const first = { images: ['x', 'a', 'c'].map(id => image(id)), next_cursor: 'n', total: 11 }
    const data = withFirstPage(listed(['a', 'b'], ['c', 'd']), first)
    expect(ids(data)).toEqual(['x', 'a', 'c', 'd'])
    expect(data.pages.at(-1)?.next_cursor).toBe('more')
    expect(totalOf(data)).toBe(11)
  })

  it('begins anew where it does not, or where the first page is all there is', () => {
    const far = { images: [image('y')], next_cursor: 'n', total: 500 }
    expect(ids(withFirstPage(listed(['a', 'b']), far))).toEqual(['y'])
    const all = { images: [image('a')], next_cursor: null, total: 1 }
    expect(ids(withFirstPage(listed(['a', 'b'], ['c']), all))).toEqual(['a'])
    expect(ids(withFirstPage(listed(['a']), { images: [], next_cursor: null, total: 0 }))).toEqual([])
  })
})

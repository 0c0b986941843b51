import { InfiniteQueryObserver, QueryClient } from '@tanstack/react-query'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { anImage } from '../../api/testing'
import type { ImageList } from '../../api/types'
import { imagesOf } from './cache'
import { imagesQuery, Library } from './library'

const api = vi.hoisted(() => ({ listImages: vi.fn(), deleteImage: vi.fn(), restoreImage: vi.fn() }))
vi.mock('../../api/client', async original => ({ ...(await original<object>()), ...api }))

/** An answer that the test gives when it wants to. */
function awaited() {
  let resolve: (list: ImageList) => void = () => {}
  api.listImages.mockReturnValueOnce(
    new Promise<ImageList>(done => {
      resolve = done
    }),
  )
  return (ids: string[], next: string | null = null) =>
    resolve({ images: ids.map(id => anImage(id)), next_cursor: next, total: ids.length })
}

function opened() {
  const queries = new QueryClient({ defaultOptions: { queries: { networkMode: 'offlineFirst' } } })
  const library = new Library(queries)
  const list = new InfiniteQueryObserver(queries, imagesQuery('newest'))
  list.subscribe(() => {})
  const ids = () => imagesOf(queries.getQueryData(imagesQuery('newest').queryKey)).map(image => image.id)
  return { library, list, ids }
}

describe('changes made while a list is under way', () => {
  beforeEach(() => {
    vi.clearAllMocks()
    api.deleteImage.mockResolvedValue(undefined)
  })

  it('are in the first list, which does not know of them', async () => {
    const answer = awaited()
    const { library, ids } = opened()
    library.arrive(anImage('b'), false)
    answer(['a'])
    await vi.waitFor(() => expect(ids()).toEqual(['b', 'a']))
  })

  it('outlast a refresh', async () => {
    awaited()(['b', 'a'])
    const { library, ids } = opened()
    await vi.waitFor(() => expect(ids()).toEqual(['b', 'a']))
    const answer = awaited()
    const refreshed = library.refresh()
    library.arrive(anImage('c'), false)
    await library.delete(anImage('a'))
    answer(['b', 'a'])
    await refreshed
    expect(ids()).toEqual(['c', 'b'])
    // What the next refresh says is true again.
    awaited()(['b', 'a'])
    await library.refresh()
    expect(ids()).toEqual(['b', 'a'])
  })

  it('outlast the next page', async () => {
    awaited()(['b'], 'more')
    const { library, list, ids } = opened()
    await vi.waitFor(() => expect(ids()).toEqual(['b']))
    const answer = awaited()
    const fetched = list.fetchNextPage()
    library.arrive(anImage('c'), false)
    answer(['a'])
    await fetched
    expect(ids()).toEqual(['c', 'b', 'a'])
  })
})

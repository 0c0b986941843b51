import { InfiniteQueryObserver, QueryClient } from '@tanstack/react-query'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { anImage } from '../../api/testing'
import type { Image, ImageList } from '../../api/types'
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

describe('an image that is deleted and brought back', () => {
  /** An answer to be given later: `deleted()` lets the server have deleted, `refused()` lets it refuse. */
  function slowly() {
    let deleted: () => void = () => {}
    let refused: (why: Error) => void = () => {}
    api.deleteImage.mockReturnValueOnce(
      new Promise<void>((resolve, reject) => {
        deleted = resolve
        refused = reject
      }),
    )
    return { deleted, refused }
  }

  async function withOne() {
    awaited()(['a'])
    const all = opened()
    await vi.waitFor(() => expect(all.ids()).toEqual(['a']))
    return all
  }

  beforeEach(() => {
    vi.resetAllMocks()
    api.restoreImage.mockResolvedValue(anImage('a'))
  })

  it('is asked back only once the server has deleted it', async () => {
    const { library, ids } = await withOne()
    const answer = slowly()
    const deletion = library.delete(anImage('a'))
    const undone = library.undo()
    expect(ids()).toEqual(['a'])
    await new Promise(done => setTimeout(done))
    expect(api.restoreImage).not.toHaveBeenCalled()
    answer.deleted()
    await Promise.all([deletion, undone])
    expect(api.restoreImage).toHaveBeenCalledOnce()
    expect(library.notice.get()).toEqual({ kind: 'restored', count: 1 })
  })

  it('is not asked back where the server did not delete it', async () => {
    const { library, ids } = await withOne()
    const answer = slowly()
    const deletion = library.delete(anImage('a'))
    const undone = library.undo()
    answer.refused(new Error('no answer'))
    await Promise.all([deletion, undone])
    expect(api.restoreImage).not.toHaveBeenCalled()
    expect(ids()).toEqual(['a'])
    expect(library.notice.get()?.kind).toBe('failed')
  })

  it('is deleted again only once the server has brought it back', async () => {
    const { library, ids } = await withOne()
    api.deleteImage.mockResolvedValue(undefined)
    let back: (image: Image) => void = () => {}
    api.restoreImage.mockReturnValueOnce(new Promise<Image>(done => (back = done)))
    await library.delete(anImage('a'))
    const undone = library.undo()
    const again = library.delete(anImage('a'))
    await new Promise(done => setTimeout(done))
    expect(api.deleteImage).toHaveBeenCalledOnce()
    back(anImage('a'))
    await Promise.all([undone, again])
    expect(api.deleteImage).toHaveBeenCalledTimes(2)
    expect(ids()).toEqual([])
  })
})

import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { problemOf } from '../../api/client'
import type { Problem } from '../../api/problem'
import type { Image } from '../../api/types'
import type { Order } from '../../lib/preferences'
import { imagesOf, totalOf } from './cache'
import { imagesQuery } from './library'
import { useLibrary } from './library-context'

export interface Listing {
  images: readonly Image[]
  total: number
  /** Nothing is known yet. */
  pending: boolean
  problem: Problem | null
  retry(): void
  /** Says that image `index` is in sight, so that the list is read up to it. */
  want(index: number): void
}

/** This browser's images, as far as they are listed. */
export function useListing(order: Order): Listing {
  const library = useLibrary()
  const query = useInfiniteQuery(imagesQuery(order))
  const { data, isPending, error, hasNextPage, isFetching, fetchNextPage, refetch } = query
  // What other tabs and devices did since the last visit. The first visit has just asked.
  useEffect(() => {
    library.show(order)
    void library.refresh()
  }, [library, order])
  return useMemo(() => {
    const images = imagesOf(data)
    return {
      images,
      total: Math.max(totalOf(data), images.length),
      pending: isPending,
      problem: error ? problemOf(error) : null,
      retry: () => void (data ? fetchNextPage() : refetch()),
      want: index => {
        if (index >= images.length && hasNextPage && !isFetching && !error) void fetchNextPage()
      },
    }
  }, [data, isPending, error, hasNextPage, isFetching, fetchNextPage, refetch])
}

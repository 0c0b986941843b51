import { createContext, useContext } from 'react'
import type { Library } from './library'

export const LibraryContext = createContext<Library | null>(null)

export function useLibrary(): Library {
  const library = useContext(LibraryContext)
  if (!library) throw new Error('useLibrary needs a LibraryContext above it')
  return library
}

import { createContext, useContext } from 'react'
import type { Config } from '../../api/types'
import { useStore } from '../../lib/use-store'
import type { Snapshot, UploadQueue } from './queue/queue'

export interface Upload {
  queue: UploadQueue
  config: Config
}

export const UploadContext = createContext<Upload | null>(null)

export function useUpload(): Upload {
  const upload = useContext(UploadContext)
  if (!upload) throw new Error('useUpload needs an UploadContext above it')
  return upload
}

export function useSnapshot(): Snapshot {
  return useStore(useUpload().queue.snapshot)
}

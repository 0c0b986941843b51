import { useEffect, useState } from 'react'
import { listenForFiles } from './intake/listen'
import { useUpload } from './queue-context'

/** Ties the window to the queue: drops and pastes, the network's comings and goings, and the question before leaving. */
export function useIntake(): number | null {
  const { queue } = useUpload()
  const [over, setOver] = useState<number | null>(null)
  useEffect(
    () =>
      listenForFiles({
        over: setOver,
        add: given => queue.add(given),
      }),
    [queue],
  )
  useEffect(() => {
    const end = new AbortController()
    const options = { signal: end.signal }
    addEventListener('online', () => queue.online(), options)
    addEventListener('offline', () => queue.offline(), options)
    addEventListener(
      'beforeunload',
      event => {
        if (queue.snapshot.get().totals.moving) event.preventDefault()
      },
      options,
    )
    return () => end.abort()
  }, [queue])
  return over
}

import { useEffect, useState } from 'react'
import { Announcer } from './queue/announcer'
import { useUpload } from './queue-context'

/** Once in the app: what a screen reader hears of the queue, on whatever page. */
export function LiveRegion() {
  const { queue } = useUpload()
  const [said, setSaid] = useState({ status: '', alert: '' })
  useEffect(() => {
    const announcer = new Announcer()
    const listen = () => {
      const news = announcer.hear(queue.snapshot.get(), performance.now())
      if (news) setSaid(before => ({ ...before, ...news }))
    }
    // The last news of a quiet stretch would otherwise never be said.
    const timer = setInterval(listen, 5_000)
    const end = queue.snapshot.subscribe(listen)
    return () => {
      clearInterval(timer)
      end()
    }
  }, [queue])
  return (
    <div className="visually-hidden" data-testid="live">
      <p role="status">{said.status}</p>
      <p role="alert">{said.alert}</p>
    </div>
  )
}

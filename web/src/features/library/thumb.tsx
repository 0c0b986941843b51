import { useState } from 'react'
import { thumbHashToDataURL } from 'thumbhash'
import type { Image } from '../../api/types'
import { onThisHost } from '../../lib/paths'
import css from './thumb.module.css'

const decoded = new Map<string, string>()

/** The blurred picture that the hash holds, as a data URL. Null for a hash that cannot be read. */
function placeholder(hash: string): string | null {
  const known = decoded.get(hash)
  if (known) return known
  try {
    const url = thumbHashToDataURL(Uint8Array.from(atob(hash), character => character.charCodeAt(0)))
    decoded.set(hash, url)
    return url
  } catch {
    return null
  }
}

/** The picture, cut to the square it stands in; until it is there, its blur. */
export function Thumb({ image }: { image: Image }) {
  const [loaded, setLoaded] = useState(false)
  const blur = image.thumbhash ? placeholder(image.thumbhash) : null
  return (
    <span className={css.thumb} style={blur === null || loaded ? {} : { backgroundImage: `url(${blur})` }}>
      <img
        // A picture from the cache is complete before anyone listens.
        ref={element => {
          if (element?.complete && element.naturalWidth > 0) setLoaded(true)
        }}
        src={onThisHost(image.links.thumb)}
        alt=""
        decoding="async"
        draggable={false}
        data-loaded={loaded}
        className={css.picture}
        onLoad={() => setLoaded(true)}
      />
    </span>
  )
}

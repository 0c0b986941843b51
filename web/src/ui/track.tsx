import css from './track.module.css'

interface Props {
  /** What it is the progress of. */
  label: string
  value: number
  max: number
  hidden?: boolean
}

/** A 3-px bar. Never stands at its end: what is done has no bar. */
export function Track({ label, value, max, hidden = false }: Props) {
  const share = max > 0 ? Math.min(1, value / max) : 0
  if (hidden) return null
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(share * 100)}
      className={css.track}
      data-track=""
    >
      <div className={css.fill} style={{ transform: `scaleX(${share})` }} />
    </div>
  )
}

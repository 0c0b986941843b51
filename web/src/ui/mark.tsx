import css from './mark.module.css'

/** The mark: a snipped plate with an arched mat window, on a grid of 32. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" className={css.mark} aria-hidden="true">
      <path className={css.plate} d="M8 2h16l4 4v20l-4 4H8l-4-4V6z" />
      <path className={css.window} d="M16 7c4 0 6.5 3.1 6.5 7.6V24h-13v-9.4C9.5 10.1 12 7 16 7z" />
    </svg>
  )
}

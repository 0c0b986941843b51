import type { ComponentProps, ReactNode } from 'react'
import css from './button.module.css'

interface Props extends Omit<ComponentProps<'button'>, 'className'> {
  kind?: 'primary' | 'plain' | 'quiet' | 'danger'
  size?: 'normal' | 'dense'
  icon?: ReactNode
}

/** A button with a word, an icon, or both; one with an icon alone needs aria-label. */
export function Button({ kind = 'plain', size = 'normal', icon, children, type = 'button', ...rest }: Props) {
  const bare = children === undefined || children === null
  return (
    <button type={type} className={css.button} data-kind={kind} data-size={size} data-bare={bare} {...rest}>
      {icon}
      {children}
    </button>
  )
}

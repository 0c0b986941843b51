import { type ReactNode, useId } from 'react'
import css from './segmented.module.css'

interface Props<T extends string> {
  label: string
  options: readonly { value: T; label: string; icon?: ReactNode }[]
  value: T
  onChange(value: T): void
  /** Show icons alone; the words stay as names and tooltips. */
  iconsOnly?: boolean
}

/** A choice of a few, all in sight. Radio buttons underneath: one Tab stop, arrows move. */
export function Segmented<T extends string>({ label, options, value, onChange, iconsOnly = false }: Props<T>) {
  const name = useId()
  return (
    <fieldset className={css.group} data-icons={iconsOnly}>
      <legend className="visually-hidden">{label}</legend>
      {options.map(option => (
        <label key={option.value} className={css.option} title={iconsOnly ? option.label : undefined}>
          <input
            type="radio"
            className={css.input}
            name={name}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.icon}
          <span className={iconsOnly ? 'visually-hidden' : undefined}>{option.label}</span>
        </label>
      ))}
    </fieldset>
  )
}

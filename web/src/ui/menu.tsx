import { Check, Ellipsis } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react'
import { Button } from './button'
import css from './menu.module.css'

export interface MenuItem {
  key: string
  label: string
  icon?: ReactNode
  danger?: boolean
  /** A line above sets it off from the items before. */
  divided?: boolean
  /** One of several choices, and whether it is the one that holds. */
  checked?: boolean
  /** A link goes there; otherwise `act` is called. */
  href?: string
  act?(): void
}

interface Props {
  label: string
  items: readonly MenuItem[]
  icon?: ReactNode
  tabIndex?: number
}

const ITEMS = '[role^=menuitem]'

const MARGIN = 8

/** Puts the menu under its button, or above where there is no room, inside the window. */
function place(menu: HTMLElement, button: HTMLElement): void {
  const anchor = button.getBoundingClientRect()
  const { offsetWidth: width, offsetHeight: height } = menu
  const below = anchor.bottom + 4
  const top = below + height > innerHeight - MARGIN ? Math.max(MARGIN, anchor.top - 4 - height) : below
  const left = Math.min(Math.max(MARGIN, anchor.right - width), innerWidth - width - MARGIN)
  menu.style.top = `${top}px`
  menu.style.left = `${left}px`
}

/** A menu button after the ARIA practices, on the Popover API: top layer, Escape and clicks elsewhere close it. */
export function Menu({ label, items, icon, tabIndex }: Props) {
  const id = useId()
  const button = useRef<HTMLButtonElement>(null)
  const menu = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState(false)

  useLayoutEffect(() => {
    if (!open || !menu.current || !button.current) return
    place(menu.current, button.current)
    menu.current.querySelector<HTMLElement>(ITEMS)?.focus()
    const close = () => menu.current?.hidePopover()
    addEventListener('scroll', close, { once: true, passive: true })
    addEventListener('resize', close, { once: true })
    return () => {
      removeEventListener('scroll', close)
      removeEventListener('resize', close)
    }
  }, [open])

  const move = (event: KeyboardEvent) => {
    event.stopPropagation()
    const all = [...(menu.current?.querySelectorAll<HTMLElement>(ITEMS) ?? [])]
    const focused = document.activeElement
    const at = focused instanceof HTMLElement ? all.indexOf(focused) : -1
    const last = all.length - 1
    const to = { ArrowDown: at >= last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1, Home: 0, End: last }[event.key]
    if (to !== undefined) {
      event.preventDefault()
      all[to]?.focus()
    } else if (event.key === 'Tab') menu.current?.hidePopover()
  }

  return (
    <>
      <Button
        ref={button}
        kind="quiet"
        size="dense"
        icon={icon ?? <Ellipsis aria-hidden="true" />}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={label}
        title={label}
        popoverTarget={id}
        {...(tabIndex === undefined ? {} : { tabIndex })}
      />
      <div
        ref={menu}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        className={css.menu}
        // Shown empty by the browser first; seen only once it is filled and placed.
        style={{ visibility: open ? 'visible' : 'hidden' }}
        onToggle={event => setOpen(event.newState === 'open')}
        onKeyDown={move}
      >
        {open ? items.map(item => <Item key={item.key} item={item} close={() => menu.current?.hidePopover()} />) : null}
      </div>
    </>
  )
}

function Item({ item, close }: { item: MenuItem; close(): void }) {
  const shared = {
    role: 'menuitem',
    tabIndex: -1,
    className: css.item,
    'data-danger': item.danger ?? false,
    'data-divided': item.divided ?? false,
  }
  if (item.href !== undefined)
    return (
      <a {...shared} href={item.href} onClick={close}>
        {item.icon}
        {item.label}
      </a>
    )
  const act = () => {
    close()
    item.act?.()
  }
  const choice = item.checked === undefined ? {} : { role: 'menuitemradio', 'aria-checked': item.checked }
  return (
    <button {...shared} {...choice} type="button" onClick={act}>
      {item.checked === undefined ? null : <Check className={css.check} aria-hidden="true" />}
      {item.icon}
      {item.label}
    </button>
  )
}

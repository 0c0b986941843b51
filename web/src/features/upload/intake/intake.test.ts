import { describe, expect, it } from 'vitest'
import { givenFiles, PasteNames, pastedName } from './given'

const at = new Date(2026, 10, 21, 21, 43)
const file = (name: string, type = 'image/png') => new File(['x'], name, { type })

describe('pasted names', () => {
  it('say when, and differ within a minute', () => {
    const names = new PasteNames()
    expect(names.name(file('image.png'), at)).toBe('pasted-2026-11-21-2143.png')
    expect(names.name(file('image.png'), at)).toBe('pasted-2026-11-21-2143-2.png')
    expect(names.name(file('holiday.jpg'), at)).toBe('holiday.jpg')
  })

  it('take the extension from the type', () => {
    expect(pastedName('image/jpeg', at, new Set())).toBe('pasted-2026-11-21-2143.jpg')
    expect(pastedName('image/webp', at, new Set())).toBe('pasted-2026-11-21-2143.webp')
    expect(pastedName('', at, new Set())).toBe('pasted-2026-11-21-2143.png')
  })
})

describe('givenFiles', () => {
  it('leaves out what operating systems strew', () => {
    expect(givenFiles([file('a.png'), file('.DS_Store'), file('Thumbs.db')]).map(given => given.name)).toEqual([
      'a.png',
    ])
  })
})

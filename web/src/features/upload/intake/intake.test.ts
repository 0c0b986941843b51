import { describe, expect, it } from 'vitest'
import { givenByFolder, givenFiles, PasteNames, pastedName } from './given'

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

describe('givenByFolder', () => {
  it('takes what lies deep, as a file manager sorts it, and leaves what is hidden', () => {
    const at = (path: string) =>
      Object.defineProperty(file(path.split('/').at(-1) ?? ''), 'webkitRelativePath', { value: path })
    const paths = [
      'trip/10.png',
      'trip/2.png',
      'trip/.trash/gone.png',
      'trip/a/1.png',
      'trip/Thumbs.db',
      'trip/.hidden.png',
    ]
    expect(givenByFolder(paths.map(at)).map(given => given.file.webkitRelativePath)).toEqual([
      'trip/2.png',
      'trip/10.png',
      'trip/a/1.png',
    ])
  })
})

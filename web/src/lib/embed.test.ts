import { describe, expect, it } from 'vitest'
import { embed, embedAll, isFormat, type Join, kindsOf, type Linked } from './embed'

const image = (id: string, del?: string): Linked => ({
  links: { image: `https://h/i/${id}.jpg`, page: `https://h/p/${id}`, ...(del ? { delete: del } : {}) },
  embed: { markdown: `![${id}](m)`, html: `<img alt="${id}">`, bbcode: `[img]${id}[/img]` },
})

describe('embed', () => {
  it('gives what the server wrote for each format', () => {
    const it = image('a', 'https://h/d/x')
    expect(kindsOf(it).map(kind => embed(it, kind))).toEqual([
      'https://h/i/a.jpg',
      '![a](m)',
      '<img alt="a">',
      '[img]a[/img]',
      'https://h/p/a',
      'https://h/d/x',
    ])
  })

  it('offers a delete link only where one was given', () => {
    expect(kindsOf(image('a'))).not.toContain('delete')
    expect(embed(image('a'), 'delete')).toBeNull()
  })

  it('copies all: one a line, in a row, or as a Markdown list', () => {
    const all = (join: Join) => embedAll([image('a'), image('b')], 'markdown', join)
    expect(all('lines')).toBe('![a](m)\n![b](m)')
    expect(all('spaces')).toBe('![a](m) ![b](m)')
    expect(all('commas')).toBe('![a](m), ![b](m)')
    expect(all('list')).toBe('- ![a](m)\n- ![b](m)')
  })

  it('knows its own formats', () => {
    expect(isFormat('bbcode')).toBe(true)
    expect(isFormat('page')).toBe(false)
  })
})

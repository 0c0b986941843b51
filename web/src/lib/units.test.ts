import { describe, expect, it } from 'vitest'
import { bytes, bytesOf, list, percent, plural, since, timeLeft } from './units'

describe('units', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [1023, '1,023 bytes'],
    [1024, '1 kB'],
    [1_870_231, '1.8 MB'],
    [104_857_600, '100 MB'],
    [222_298_112, '212 MB'],
    [3 * 1024 ** 3, '3 GB'],
    [5000 * 1024 ** 3, '5,000 GB'],
  ])('says %i bytes as %s', (count, words) => expect(bytes(count)).toBe(words))

  it('names the unit of a part once', () => {
    expect(bytesOf(12.1 * 1024 ** 2, 30 * 1024 ** 2)).toBe('12.1 / 30 MB')
    expect(bytesOf(0, 900)).toBe('0 / 900 bytes')
  })

  it('never says 100 % early', () => {
    expect(percent(999, 1000)).toBe('99 %')
    expect(percent(1000, 1000)).toBe('100 %')
    expect(percent(0, 0)).toBe('0 %')
  })

  it.each([
    [0.4, '5 s left'],
    [12, '10 s left'],
    [57, '55 s left'],
    [58, '1 min left'],
    [125, '2 min left'],
    [4200, '1 h 10 min left'],
    [7195, '2 h left'],
    [7100, '2 h left'],
  ])('rounds %d seconds to %s', (seconds, words) => expect(timeLeft(seconds)).toBe(words))

  it('says a date as short as it stays exact', () => {
    const now = new Date(2026, 10, 21, 20, 15)
    expect(since(new Date(2026, 10, 21, 14, 5).toISOString(), now)).toBe('14:05')
    expect(since(new Date(2026, 2, 4).toISOString(), now)).toBe('4 March')
    expect(since(new Date(2024, 2, 4).toISOString(), now)).toBe('4 March 2024')
  })

  it('joins and counts in English', () => {
    expect(list(['JPEG', 'PNG', 'GIF'])).toBe('JPEG, PNG and GIF')
    expect(plural(1, { one: 'image', other: 'images' })).toBe('image')
    expect(plural(0, { one: 'image', other: 'images' })).toBe('images')
  })
})

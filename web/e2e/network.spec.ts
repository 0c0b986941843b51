import { brittle } from './support/brittle'
import { linkOf, png, row } from './support/files'
import { expect, test } from './support/test'

test('without a network rows wait, and go on by themselves', async ({ page, context }) => {
  await page.goto('/')
  await context.setOffline(true)
  await page.getByTestId('chooser').setInputFiles([
    { name: 'one.png', mimeType: 'image/png', buffer: png(1) },
    { name: 'two.png', mimeType: 'image/png', buffer: png(2) },
  ])
  await expect(row(page, 'one.png')).toContainText('Waiting for connection')
  await expect(row(page, 'two.png')).toContainText('Waiting for connection')
  await expect(page.getByTestId('live').getByRole('status')).toHaveText(/connection is lost/)
  await context.setOffline(false)
  await expect(linkOf(page, 'one.png')).toHaveValue(/^http/)
  await expect(linkOf(page, 'two.png')).toHaveValue(/^http/)
})

test('a connection that breaks half-way is taken up again', async ({ page, server }) => {
  const way = await brittle(server.url)
  await page.goto(`${way.url}/`)
  await expect(page.getByTestId('chooser')).toBeAttached()
  way.cutAfter(300_000)
  const big = { name: 'big.png', mimeType: 'image/png', buffer: Buffer.concat([png(3, 400), Buffer.alloc(300_000)]) }
  await page.getByTestId('chooser').setInputFiles([big])
  await way.cut
  await expect(row(page, 'big.png')).toContainText('Waiting for connection')
  way.mend()
  await expect(linkOf(page, 'big.png')).toHaveValue(/^http/, { timeout: 30_000 })
  way.close()
})

test('leaving is asked about while bytes move, and only then', async ({ page }) => {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  await page.goto('/')
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: 20_000,
  })
  const big = { name: 'big.png', mimeType: 'image/png', buffer: Buffer.concat([png(4, 400), Buffer.alloc(400_000)]) }
  await page.getByTestId('chooser').setInputFiles([big])
  await expect(row(page, 'big.png')).toContainText(/sending/)
  // Browsers only ask a person who has done something on the page.
  await page.getByRole('heading', { level: 1 }).click()
  const asked = page.waitForEvent('dialog')
  await page.close({ runBeforeUnload: true })
  const dialog = await asked
  expect(dialog.type()).toBe('beforeunload')
  await dialog.dismiss()
  await page.getByRole('button', { name: 'Cancel big.png' }).click()
  await expect(page.getByRole('row')).toHaveCount(0)
  const askedInVain: string[] = []
  page.on('dialog', unexpected => {
    askedInVain.push(unexpected.type())
    void unexpected.accept()
  })
  const closed = page.waitForEvent('close')
  await page.close({ runBeforeUnload: true })
  await closed
  expect(askedInVain).toEqual([])
})

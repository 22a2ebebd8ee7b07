import { makeLot, unique } from '../support/api.ts'
import { expect, test } from '../support/test.ts'

test('Whoever registers with a domain beyond ASCII signs in on another browser', async ({
  page,
  browser,
}) => {
  const email = `${unique('ines')}@bücher.example`
  const password = 'a good long secret'
  const bodies: string[] = []
  page.on('request', (request) => {
    if (request.url().endsWith('/auth/register')) bodies.push(request.postData() ?? '')
  })
  await page.goto('/register')
  await page.getByLabel('Email').fill(email)
  await page.keyboard.press('Tab')
  await page.keyboard.type(unique('Ines Ärztin'))
  await page.keyboard.press('Tab')
  await page.keyboard.type(password)
  await page.getByRole('button', { name: 'Register' }).click()
  await expect(page).not.toHaveURL(/register/)
  expect(bodies, 'the domain as it was typed').toEqual([expect.stringContaining('@bücher.example')])

  const other = await browser.newContext()
  const elsewhere = await other.newPage()
  const lot = await makeLot({ name: unique('Ärztehaus') })
  await elsewhere.goto('/login')
  await elsewhere.getByLabel('Email').fill(email)
  await elsewhere.keyboard.press('Tab')
  await elsewhere.keyboard.type(password)
  await elsewhere.keyboard.press('Enter')
  await expect(elsewhere).not.toHaveURL(/login/)
  await elsewhere.goto('/')
  await expect(elsewhere.getByText(lot.name).first()).toBeVisible()
  await other.close()
})

// What a reader does in each part, and what has to come of it. Returns figures to print, if any.
import assert from 'node:assert/strict';

const answers = (page) => page.locator('.card .answer').allTextContents();
const lossCells = async (page) => (await page.locator('.lines td').allTextContents()).map(Number);

async function primer(page) {
  await page.getByText(/Its label is 6/).waitFor();
  // docs/primer.md: at T = 1 the teacher gives this six 60 %.
  await page.getByLabel('Temperature T').focus();
  await page.keyboard.press('Home');
  assert.match(await page.locator('.card').first().locator('desc').textContent(), /^6: 60 %, 0: 39 %/);
  const [target, own, kl, soft, crossEntropy, hard, loss] = await lossCells(page);
  assert.ok(target > 0.59 && target < 0.61 && own > 0 && kl > 0, `${target}, ${own}, ${kl}`);
  assert.ok(Math.abs(soft - 0.8 * kl) < 2e-4 && Math.abs(hard - 0.2 * crossEntropy) < 2e-4, 'alpha 0.8 at T = 1');
  assert.ok(Math.abs(loss - soft - hard) < 2e-4, `${loss}, ${soft}, ${hard}`);
  await page.keyboard.press('End');
  assert.match(await page.locator('.card').first().locator('desc').textContent(), /1\d %/);
  await page.getByLabel('Weight α of the teacher').focus();
  await page.keyboard.press('Home');
  const [, , , off, , label] = await lossCells(page);
  assert.deepEqual([off, label], [0, crossEntropy], 'alpha 0: the label alone');
  await page.getByRole('button', { name: 'Next test image' }).press('Enter');
  await page
    .locator('.input')
    .getByText(/Test image 819 of/)
    .waitFor();
  // A one, drawn.
  const { x, y, width } = await page.locator('.pad').boundingBox();
  await page.mouse.move(x + width / 2, y + width * 0.15);
  await page.mouse.down();
  await page.mouse.move(x + width / 2, y + width * 0.85, { steps: 8 });
  await page.mouse.up();
  assert.deepEqual((await answers(page)).slice(0, 1), ['1']);
  await page.getByRole('button', { name: 'Clear' }).click();
  assert.deepEqual(await answers(page), ['–', '–', '–']);
  await page.getByRole('button', { name: 'Previous test image' }).press('Enter');
  await page.getByLabel('Temperature T').fill('4');
}

export const PLAYS = { primer };

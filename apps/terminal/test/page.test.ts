import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { anyPorts, temporaryDirectory, VenueProcess } from '../../venue/test/support/process.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const skip = fs.existsSync(CHROMIUM)
  ? false
  : `no browser at ${CHROMIUM}: set CHROMIUM, or run scripts/system-packages.ts as root on Debian`;

describe('the page in a browser', { skip }, () => {
  const data = temporaryDirectory('page');
  let venue: VenueProcess;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  before(async () => {
    venue = await VenueProcess.start(data, '--demo');
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(venue.url);
  });
  after(async () => {
    await browser?.close();
    await venue.close();
    fs.rmSync(data, { recursive: true, force: true });
  });

  const order = (text: RegExp) => page.locator('#orders tbody tr').filter({ hasText: text });

  async function place(price: string, quantity: string, side = 'Buy'): Promise<string> {
    await page.locator('.sides span', { hasText: side }).click();
    await page.fill('#order [name=price]', price);
    await page.fill('#order [name=quantity]', quantity);
    await page.evaluate(() => {
      document.getElementById('order-answer')!.textContent = '';
    });
    await page.click('#place');
    await page.waitForFunction(() => document.getElementById('order-answer')!.textContent !== '');
    return (await page.textContent('#order-answer'))!;
  }

  it('shows a living book, trades and a price chart', async () => {
    await page.waitForSelector('#connection.live');
    await page.waitForFunction(() => document.querySelectorAll('#trades > div').length >= 3);
    // The book is told every 100 ms, trades at once.
    await page.waitForFunction(
      () => document.querySelector('#bids span')!.textContent && document.querySelector('#asks > div:last-child span')!.textContent,
    );
    const best = async (side: string) =>
      Number(
        await page
          .locator(`#${side} > div`)
          .nth(side === 'bids' ? 0 : 11)
          .locator('span')
          .first()
          .textContent(),
      );
    const [bid, ask] = [await best('bids'), await best('asks')];
    assert.ok(bid > 50_000 && bid < ask, `${bid} / ${ask}`);
    assert.ok((await page.locator('#chart canvas').count()) > 0);
    const before = await page.textContent('#trades');
    await page.waitForFunction((old) => document.getElementById('trades')!.textContent !== old, before);
    assert.match(await page.title(), /^\d+\.\d\d BTCUSDT · Outcry$/);
  });

  it('places an order as alice, shows it with what it holds, and cancels it', async () => {
    assert.match(await place('59000', '0.01'), /^Order \d+: new$/);
    await order(/59000\.00\s*0\.01000/).waitFor();
    await page.locator('#balances tr', { hasText: 'USDT' }).filter({ hasText: '999410' }).waitFor();
    await order(/59000\.00/)
      .locator('button')
      .click();
    await page.waitForFunction(() => document.querySelector('#orders .none') !== null);
    await page.locator('#balances tr', { hasText: 'USDT' }).filter({ hasText: '1000000' }).waitFor();
  });

  it('says in the venue’s words why an order was refused', async () => {
    assert.match(await place('59000.001', '0.01'), /Filter failure: PRICE_FILTER/);
    assert.equal(await page.locator('#order-answer.bad').count(), 1);
  });

  it('takes a price from the book at a click, and follows another instrument', async () => {
    const row = page.locator('#bids > div').nth(8);
    const price = await row.locator('span').first().textContent();
    await row.click();
    const typed = Number(await page.inputValue('#order [name=price]'));
    assert.ok(Math.abs(typed - Number(price)) < 2_000 && typed > 0);
    await page.selectOption('#symbol', 'ETHUSDT');
    await page.waitForFunction(() => Number(document.querySelector('#bids span')!.textContent) < 5_000);
    assert.ok(Number(await page.inputValue('#order [name=price]')) < 5_000);
  });

  it('shows nothing of the account before once another key is used, and why the venue refused it', async () => {
    const balances = page.locator('#balances tbody tr');
    const use = async (key: string, secret: string) => {
      await page.fill('#sign-in [name=key]', key);
      await page.fill('#sign-in [name=secret]', secret);
      await page.click('#sign-in button');
    };
    for (const [key, secret, words] of [
      ['nobody', 'alice-secret', /API-key/i],
      ['alice', 'wrong', /Signature/],
    ] as const) {
      await use('alice', 'alice-secret');
      await balances.first().waitFor();
      await page.waitForFunction(() => document.getElementById('order-answer')!.textContent === '');
      await use(key, secret);
      await page.locator('#order-answer.bad').filter({ hasText: words }).waitFor();
      assert.equal(await balances.count(), 0);
      assert.equal(await page.locator('#orders tbody tr').count(), 0);
    }
    await use('alice', 'alice-secret');
    await balances.first().waitFor();
  });

  it('comes back by itself when the venue was away', async () => {
    const { port } = new URL(venue.url);
    await venue.kill('SIGKILL');
    await page.waitForSelector('#connection.lost');
    assert.equal(await place('50000', '0.01'), 'The venue cannot be reached');
    complaints.length = 0;
    // Its other ports need not be those after this one, which another program may have by now.
    const file = path.join(data, 'ports.json');
    fs.writeFileSync(file, JSON.stringify(anyPorts('239.255.73.1')));
    venue = await VenueProcess.start(data, '--demo', '--port', port, '--config', file);
    await page.waitForSelector('#connection.live');
    await page.waitForFunction(() => document.getElementById('order-answer')!.textContent === '');
    const before = await page.textContent('#trades');
    await page.waitForFunction((old) => document.getElementById('trades')!.textContent !== old, before);
  });

  it('complained of nothing in the browser’s console', () => {
    assert.deepEqual(
      complaints.filter((text) => !/40[01] \(|ERR_CONNECTION_REFUSED/.test(text)),
      [],
    );
  });
});

import { CandlestickSeries, createChart, HistogramSeries, type IChartApi, type ISeriesApi, type UTCTimestamp } from 'lightweight-charts';
import { element, make } from './dom.ts';
import type { Json } from './venue-client.ts';

const INTERVALS = ['1s', '1m', '5m', '15m', '1h', '1d'];
const UP = '#26a69a';
const DOWN = '#ef5350';

/** Candles and volume of one instrument and interval. */
export class ChartPanel {
  readonly #chart: IChartApi;
  readonly #candles: ISeriesApi<'Candlestick'>;
  readonly #volume: ISeriesApi<'Histogram'>;
  #newest = 0;
  interval = '1s';

  constructor(onInterval: (interval: string) => void) {
    this.#chart = createChart(element('chart'), {
      autoSize: true,
      layout: { background: { color: 'transparent' }, textColor: '#8b96a5', attributionLogo: true },
      grid: { vertLines: { color: '#1d232b' }, horzLines: { color: '#1d232b' } },
      timeScale: { timeVisible: true, secondsVisible: true, borderColor: '#262d36' },
      rightPriceScale: { borderColor: '#262d36' },
    });
    this.#candles = this.#chart.addSeries(CandlestickSeries, {
      upColor: UP,
      downColor: DOWN,
      borderVisible: false,
      wickUpColor: UP,
      wickDownColor: DOWN,
    });
    this.#volume = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: 'volume',
      priceFormat: { type: 'volume' },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.#chart.priceScale('volume').applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    const buttons = INTERVALS.map((interval) => {
      const button = make('button', interval);
      button.setAttribute('aria-pressed', String(interval === this.interval));
      button.addEventListener('click', () => {
        this.interval = interval;
        for (const other of buttons) other.setAttribute('aria-pressed', String(other === button));
        onInterval(interval);
      });
      return button;
    });
    element('intervals').append(...buttons);
  }

  /** @param klines rows as /api/v3/klines gives them */
  load(klines: Json[]): void {
    this.#candles.setData(klines.map(([time, open, high, low, close]) => candle(time, open, high, low, close)));
    this.#volume.setData(klines.map(([time, open, , , close, volume]) => bar(time, open, close, volume)));
    this.#newest = klines.at(-1)?.[0] ?? 0;
    this.#chart.timeScale().scrollToRealTime();
  }

  /** @param k the `k` of a kline event */
  update({ t, o, h, l, c, v }: Json): void {
    const late = t < this.#newest; // the close of a candle that the history already knew
    if (!late) this.#newest = t;
    this.#candles.update(candle(t, o, h, l, c), late);
    this.#volume.update(bar(t, o, c, v), late);
  }
}

function candle(time: number, open: string, high: string, low: string, close: string) {
  return { time: (time / 1000) as UTCTimestamp, open: Number(open), high: Number(high), low: Number(low), close: Number(close) };
}

function bar(time: number, open: string, close: string, volume: string) {
  return { time: (time / 1000) as UTCTimestamp, value: Number(volume), color: Number(close) >= Number(open) ? `${UP}55` : `${DOWN}55` };
}

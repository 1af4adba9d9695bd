import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FixFramer, type FixMessage, fixTime, formatFix, MSG, parseFix, parseFixTime, REJECT_REASON, TAG } from '@outcry/wire/fix';
import { FixSession, type FixStore } from '@outcry/wire/fix-session';
import fc from 'fast-check';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

class MemoryStore implements FixStore {
  nextOut = 1;
  nextIn = 1;
  readonly kept = new Map<number, Buffer>();
  save(sequence: number, message: Buffer | undefined): void {
    if (message !== undefined) this.kept.set(sequence, message);
  }
  firstKept(sequence: number): number {
    return Math.min(...[...this.kept.keys()].filter((kept) => kept >= sequence));
  }
  load(sequence: number): Buffer | undefined {
    return this.kept.get(sequence);
  }
  reset(): void {
    this.nextOut = 1;
    this.nextIn = 1;
    this.kept.clear();
  }
}

/** An acceptor with its clock and its line in hand. */
class Acceptor {
  readonly store = new MemoryStore();
  readonly sent: FixMessage[] = [];
  readonly got: FixMessage[] = [];
  now = NOW;
  isConnected = true;
  readonly session = new FixSession({
    beginString: 'FIX.4.4',
    sender: 'VENUE',
    target: 'CLIENT',
    store: this.store,
    send: (bytes) => this.sent.push(parseFix(bytes.toString())),
    disconnect: () => {
      this.isConnected = false;
    },
    onMessage: (message) => this.got.push(message),
    now: () => this.now,
  });

  logon(sequence = 1, more: [number, string | number][] = []): boolean {
    return this.session.accept(parseFix(this.text(MSG.LOGON, sequence, [[98, 0], [108, 30], ...more])));
  }

  text(type: string, sequence: number, fields: [number, string | number][] = [], head: Record<number, string> = {}): string {
    const first: [number, string | number][] = [
      [35, type],
      [49, head[49] ?? 'CLIENT'],
      [56, 'VENUE'],
      [34, sequence],
      [52, head[52] ?? fixTime(this.now)],
    ];
    return formatFix(head[8] ?? 'FIX.4.4', [...first.filter(([tag]) => head[tag] !== ''), ...fields]).toString('latin1');
  }

  receive(type: string, sequence: number, fields: [number, string | number][] = [], head: Record<number, string> = {}): void {
    this.session.receive(this.text(type, sequence, fields, head));
  }

  /** What was sent since the last call: types, with what matters of each. */
  take(...tags: number[]): string[] {
    return this.sent.splice(0).map((message) => [message.type, ...tags.map((tag) => message.get(tag) ?? '-')].join(' '));
  }
}

test('messages are framed however the stream is cut, and garbled ones are passed over', () => {
  const body = (n: number) =>
    formatFix('FIX.4.4', [
      [35, 'D'],
      [11, `order ${n}`],
      [58, 'x'.repeat(n)],
    ]).toString('latin1');
  const garbled = [
    body(3).replace('10=', '10=9'),
    body(4).replace('order 4', 'order 5'),
    '8=FIX.4.4\x019=abc\x01',
    'noise 8=F',
    '8=FIX.4.4\x0135=D\x01',
  ];
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(40).map(body), fc.constantFrom(...garbled)), { maxLength: 12 }),
      fc.integer({ min: 1, max: 90 }),
      (pieces, cut) => {
        const stream = Buffer.from(`${pieces.join('')}8=FIX`, 'latin1');
        const framer = new FixFramer(1000);
        const found: string[] = [];
        for (let at = 0; at < stream.length; at += cut) {
          framer.push(stream.subarray(at, at + cut));
          for (let text = framer.next(); text !== undefined; text = framer.next()) found.push(text);
        }
        assert.deepEqual(
          found,
          pieces.filter((piece) => !garbled.includes(piece)),
        );
      },
    ),
  );
});

test('random bytes at the framer and the parser end in nothing or in messages, never in an exception', () => {
  const bytes = fc.array(fc.constantFrom(...'8=FIX.4\x019103=5'.split(''), '\xff'), { maxLength: 200 });
  fc.assert(
    fc.property(bytes, (letters) => {
      const framer = new FixFramer(100);
      framer.push(Buffer.from(letters.join(''), 'latin1'));
      for (let i = 0; framer.next() !== undefined; i++) assert.ok(i < 50);
      parseFix(letters.join(''));
    }),
    { numRuns: 3000 },
  );
  assert.equal(parseFixTime('20260102-03:04:05.678'), NOW);
  assert.ok(Number.isNaN(parseFixTime('2026-01-02')));
  for (const none of ['20990231-00:00:00', '20270229-00:00:00', '20990431-00:00:00', '20990101-24:00:00', '20991301-00:00:00'])
    assert.ok(Number.isNaN(parseFixTime(none)), none);
});

test('a leap second is between the second before it and the next day, and only the last second of a day is one', () => {
  const last = Date.UTC(2028, 11, 31, 23, 59, 59, 999);
  for (const leap of ['20281231-23:59:60', '20281231-23:59:60.000', '20281231-23:59:60.999']) assert.equal(parseFixTime(leap), last);
  const order = ['20281231-23:59:59.998', '20281231-23:59:60.001', '20281231-23:59:60.900', '20290101-00:00:00.000'].map(parseFixTime);
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
  for (const none of ['20281231-23:59:61', '20281231-12:00:60', '20281231-22:59:60', '20281231-23:58:60.000', '20281231-23:60:00'])
    assert.ok(Number.isNaN(parseFixTime(none)), none);
});

test('a logon is answered, or refused with the reason', () => {
  const good = new Acceptor();
  assert.equal(good.logon(), true);
  assert.deepEqual(good.take(108, 34), ['A 30 1']);
  const refusals: [[number, string | number][], number, RegExp][] = [
    [[[108, 0]], 1, /HeartBtInt/],
    [
      [
        [98, 2],
        [108, 30],
      ],
      1,
      /EncryptMethod/,
    ],
    [
      [
        [98, 0],
        [108, 30],
        [141, 'Y'],
      ],
      5,
      /MsgSeqNum must be 1/,
    ],
  ];
  for (const [fields, sequence, why] of refusals) {
    const acceptor = new Acceptor();
    const text = acceptor.text(MSG.LOGON, sequence, fields[0][0] === 108 ? [[98, 0], ...fields] : fields);
    assert.equal(acceptor.session.accept(parseFix(text)), false);
    assert.match(acceptor.take(58)[0], why);
  }
  const low = new Acceptor();
  low.store.nextIn = 7;
  assert.equal(low.logon(3), false);
  assert.deepEqual(low.take(58), ['5 MsgSeqNum too low, expecting 7 but received 3']);
});

test('a gap is asked for once, what came early waits, and the application sees every message once, in order', () => {
  const acceptor = new Acceptor();
  acceptor.logon();
  acceptor.take();
  acceptor.receive('D', 2, [[11, 'two']]);
  acceptor.receive('D', 5, [[11, 'five']]);
  acceptor.receive('D', 6, [[11, 'six']]);
  assert.deepEqual(acceptor.take(7, 16), ['2 3 0']);
  acceptor.receive('D', 3, [
    [43, 'Y'],
    [122, fixTime(NOW)],
    [11, 'three'],
  ]);
  acceptor.receive('4', 4, [
    [43, 'Y'],
    [123, 'Y'],
    [36, 5],
  ]);
  assert.deepEqual(
    acceptor.got.map((message) => message.get(11)),
    ['two', 'three', 'five', 'six'],
  );
  acceptor.receive('D', 5, [
    [43, 'Y'],
    [122, fixTime(NOW)],
    [11, 'five again'],
  ]);
  assert.equal(acceptor.got.length, 4, 'what comes again and says so is passed over');
  assert.equal(acceptor.store.nextIn, 7);
  acceptor.receive('D', 4, [[11, 'old']]);
  assert.match(acceptor.take(58).at(-1)!, /too low, expecting 7 but received 4/);
  assert.equal(acceptor.isConnected, false);
});

test('a resend gives application messages again, marked, with a gap fill for each run of session messages', () => {
  const acceptor = new Acceptor();
  acceptor.logon();
  acceptor.session.send('8', [[17, 'a']]);
  acceptor.receive('1', 2, [[112, 'ping']]);
  acceptor.session.send('8', [[17, 'b']]);
  acceptor.take();
  acceptor.now += 5000;
  acceptor.receive('2', 3, [
    [7, 1],
    [16, 0],
  ]);
  assert.deepEqual(acceptor.take(34, 36, 43, 17, 122), [
    `4 1 2 Y - ${fixTime(NOW + 5000)}`,
    `8 2 - Y a ${fixTime(NOW)}`,
    `4 3 4 Y - ${fixTime(NOW + 5000)}`,
    `8 4 - Y b ${fixTime(NOW)}`,
  ]);
  acceptor.receive('2', 4, [
    [7, 4],
    [16, 9999],
  ]);
  assert.deepEqual(acceptor.take(34, 17), ['8 4 b']);
});

test('heartbeats, test requests, and silence', () => {
  const acceptor = new Acceptor();
  acceptor.logon();
  acceptor.receive('1', 2, [[112, 'are you there']]);
  assert.deepEqual(acceptor.take(112).slice(1), ['0 are you there']);
  acceptor.now += 30_000;
  acceptor.session.tick();
  assert.deepEqual(acceptor.take(), ['0']);
  acceptor.now += 7000;
  acceptor.session.tick();
  assert.equal(acceptor.take()[0], '1');
  acceptor.session.tick();
  assert.deepEqual(acceptor.take(), [], 'asked once');
  acceptor.now += 40_000;
  acceptor.session.tick();
  assert.equal(acceptor.isConnected, false);
});

test('what is wrong with a message is rejected with its reason and tag, and counts; what is wrong with the session ends it', () => {
  const cases: [string, (a: Acceptor) => void, string, boolean][] = [
    [
      'a tag twice',
      (a) =>
        a.receive('D', 2, [
          [11, 'x'],
          [11, 'y'],
        ]),
      `3 ${REJECT_REASON.TAG_TWICE} 11`,
      true,
    ],
    [
      'a tag that is none',
      (a) => a.session.receive(a.text('D', 2, [[11, 'x']]).replace('11=x', 'xx=x')),
      `3 ${REJECT_REASON.INVALID_TAG} -`,
      true,
    ],
    [
      'no value',
      (a) => a.session.receive(a.text('D', 2, [[11, 'x']]).replace('11=x', '11=')),
      `3 ${REJECT_REASON.TAG_WITHOUT_VALUE} 11`,
      true,
    ],
    ['a test request without its id', (a) => a.receive('1', 2), `3 ${REJECT_REASON.REQUIRED_TAG_MISSING} 112`, true],
    ['no sending time', (a) => a.receive('D', 2, [], { 52: '' }), `3 ${REJECT_REASON.REQUIRED_TAG_MISSING} 52`, true],
    [
      'a gap fill backward',
      (a) =>
        a.receive('4', 2, [
          [123, 'Y'],
          [36, 1],
        ]),
      `3 ${REJECT_REASON.VALUE_INCORRECT} 36`,
      true,
    ],
    ['a reset backward', (a) => a.receive('4', 9, [[36, 1]]), `3 ${REJECT_REASON.VALUE_INCORRECT} 36`, true],
    ['another sender', (a) => a.receive('D', 2, [], { 49: 'OTHER' }), `3 ${REJECT_REASON.COMP_ID} 49`, false],
    ['a clock that is off', (a) => a.receive('D', 2, [], { 52: fixTime(NOW - 300_000) }), `3 ${REJECT_REASON.SENDING_TIME} 52`, false],
    ['another version', (a) => a.receive('D', 2, [], { 8: 'FIX.4.2' }), '5 - -', false],
    [
      'a second logon',
      (a) =>
        a.receive('A', 2, [
          [98, 0],
          [108, 30],
        ]),
      '5 - -',
      false,
    ],
    ['no number', (a) => a.session.receive(a.text('D', 2).replace('34=2', '44=2')), '5 - -', false],
  ];
  for (const [what, does, answer, goesOn] of cases) {
    const acceptor = new Acceptor();
    acceptor.logon();
    acceptor.take();
    does(acceptor);
    assert.equal(acceptor.take(TAG.SESSION_REJECT_REASON, TAG.REF_TAG_ID)[0], answer, what);
    assert.equal(acceptor.isConnected, goesOn, what);
    assert.equal(acceptor.got.length, 0, what);
  }
  const reset = new Acceptor();
  reset.logon();
  reset.receive('4', 1, [[36, 50]]);
  reset.receive('D', 50, [[11, 'after']]);
  assert.equal(reset.got.length, 1);
});

test('two sessions over a line that breaks anywhere give each other every message once and in order', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'drop'), { minLength: 1, maxLength: 40 }), fc.nat(3), (steps, keepEvery) => {
      const stores = [new MemoryStore(), new MemoryStore()];
      const got: string[][] = [[], []];
      const names = ['VENUE', 'CLIENT'];
      const sent: string[][] = [[], []];
      let sessions: FixSession[] = [];
      let lines: string[][] = [[], []];
      const connect = () => {
        lines = [[], []];
        sessions = [0, 1].map(
          (i) =>
            new FixSession({
              beginString: 'FIX.4.4',
              sender: names[i],
              target: names[1 - i],
              store: stores[i],
              send: (bytes) => lines[i].push(bytes.toString('latin1')),
              disconnect: () => undefined,
              onMessage: (message) => got[i].push(message.get(11)!),
              now: () => NOW,
            }),
        );
        sessions[1].logon(30);
        assert.equal(sessions[0].accept(parseFix(lines[1].shift()!)), true);
      };
      const flow = () => {
        while (lines[0].length + lines[1].length > 0) {
          for (const i of [0, 1]) for (const text of lines[i].splice(0)) sessions[1 - i].receive(text);
        }
      };
      connect();
      flow();
      let number = 0;
      for (const step of steps) {
        if (step === 'drop') {
          lines = [lines[0].slice(0, keepEvery), lines[1].slice(0, keepEvery)]; // the rest is lost with the connection
          flow();
          connect();
          flow();
          continue;
        }
        const i = step === 'a' ? 0 : 1;
        sent[i].push(String(++number));
        sessions[i].send('D', [[11, String(number)]]);
        if (number % 3 === 0) flow();
      }
      flow();
      connect();
      flow();
      assert.deepEqual(got, [sent[1], sent[0]]);
    }),
    { numRuns: 200 },
  );
});

test('a possible duplicate whose first sending is after this one is rejected, in its place as below it, and ends the session', () => {
  for (const sequence of [1, 2]) {
    const acceptor = new Acceptor();
    acceptor.logon();
    acceptor.take();
    acceptor.receive('D', sequence, [
      [43, 'Y'],
      [122, fixTime(NOW + 1000)],
      [11, 'one'],
    ]);
    assert.deepEqual(acceptor.take(372, 371, 373), ['3 D 122 10', '5 - - -'], `MsgSeqNum ${sequence}`);
    assert.deepEqual(acceptor.got, []);
    assert.equal(acceptor.isConnected, false);
  }
  const acceptor = new Acceptor();
  acceptor.logon();
  acceptor.receive('D', 2, [
    [43, 'Y'],
    [122, fixTime(NOW)],
    [11, 'same time'],
  ]);
  assert.equal(acceptor.got.length, 1);
});

test('so is a message of the session: a gap fill fills nothing, a reset resets nothing, and a gap fill may lack the time', () => {
  const first: [number, string] = [122, fixTime(NOW + 1000)];
  const messages: [what: string, type: string, fields: [number, string | number][], nextIn: number][] = [
    [
      'a gap fill',
      '4',
      [
        [123, 'Y'],
        [36, 9],
      ],
      3,
    ],
    ['a reset', '4', [[36, 9]], 2],
    ['a TestRequest', '1', [[112, 'ping']], 3],
    [
      'a ResendRequest',
      '2',
      [
        [7, 1],
        [16, 0],
      ],
      3,
    ],
    ['a Heartbeat', '0', [], 3],
  ];
  for (const [what, type, fields, nextIn] of messages) {
    const acceptor = new Acceptor();
    acceptor.logon();
    acceptor.take();
    acceptor.receive(type, 2, [[43, 'Y'], first, ...fields]);
    assert.deepEqual(acceptor.take(372, 371, 373), [`3 ${type} 122 10`, '5 - - -'], what);
    assert.deepEqual([acceptor.isConnected, acceptor.store.nextIn], [false, nextIn], what);
  }
  const acceptor = new Acceptor();
  acceptor.logon();
  acceptor.take();
  acceptor.receive('4', 2, [
    [43, 'Y'],
    [123, 'Y'],
    [36, 5],
  ]);
  acceptor.receive('4', 5, [
    [43, 'Y'],
    [122, fixTime(NOW)],
    [123, 'Y'],
    [36, 9],
  ]);
  assert.deepEqual([acceptor.take(372), acceptor.isConnected, acceptor.store.nextIn], [[], true, 9]);
});

test('text is UTF-8 in lengths, sums and what is sent again, and what is none cannot be taken for something else', () => {
  const id = 'é€😀';
  const bytes = formatFix('FIX.4.4', [
    [35, 'D'],
    [11, id],
    [58, 'x'],
  ]);
  const length = parseFix(bytes.toString()).number(9);
  assert.equal(bytes.indexOf('35='), bytes.length - 7 - length);
  const framer = new FixFramer(1000);
  for (const byte of bytes) framer.push(Buffer.from([byte]));
  assert.equal(parseFix(framer.next()!).get(11), id);
  assert.equal(framer.garbled, 0);
  const broken = Buffer.from(bytes.toString('latin1').replace('\xc3\xa9', '\xe9\xe9'), 'latin1');
  broken.write(String(broken.subarray(0, -7).reduce((sum, byte) => sum + byte, 0) % 256).padStart(3, '0'), broken.length - 4);
  framer.push(broken);
  assert.match(parseFix(framer.next()!).get(11)!, /\ufffd/);
  const acceptor = new Acceptor();
  acceptor.logon();
  acceptor.session.send('8', [[11, id]]);
  acceptor.take();
  acceptor.receive('2', 2, [
    [7, 1],
    [16, 0],
  ]);
  const again = acceptor.sent.find((message) => message.type === '8');
  assert.equal(again?.get(11), id);
});

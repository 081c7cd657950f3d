/**
 * A real Wechaty gateway (PuppetServer of wechaty-puppet-service) over a mock account, driven by a test.
 *
 * The first line on stdin opens it: {"port", "token", "bot": {"id", "name"}, "people": [{"id", "name"}],
 * "rooms": [{"id", "topic", "members": []}], "logged_in": true}. Each further line is a command {"seq", "cmd", ...};
 * its answer on stdout is {"seq", ...} or {"seq", "error"}. What the bot sends is reported unasked as
 * {"event": "sent", ...}. {"cmd": "again"} ends the town, which is answered by {"event": "free"}: the next line opens
 * another one. Room ids must contain "@" (the mock tells rooms from people by it). Times are ms.
 */
import readline from 'node:readline'

import { PuppetServer } from 'wechaty-puppet-service'
import { PuppetMock, mock } from 'wechaty-puppet-mock'
import * as PUPPET from 'wechaty-puppet'
import { FileBox } from 'file-box'

const now = () => performance.timeOrigin + performance.now()
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
const print = value => process.stdout.write(JSON.stringify(value) + '\n')

/** What happened in a town, unless that is over. */
const report = (where, value) => { if (where === gateway) print(value) }

/** The mock account, which remembers what the bot sent and can misbehave as it is told. */
class RecordingPuppet extends PuppetMock {
  gateway
  aliases = new Map()
  modes = {}
  held

  async onStart () {
    await super.onStart()
    setImmediate(() => this.gateway.start())
  }

  /** While `held` is a list, message events are caught in it instead of being reported. */
  emit (name, ...args) {
    if (name === 'message' && this.held) {
      this.held.push(args[0])
      return true
    }
    return super.emit(name, ...args)
  }

  async messageSendText (conversationId, text, mentions = []) {
    return this.#send(conversationId, text, { kind: 'text', mentions, text }, mentions)
  }

  async messageSendFile (conversationId, file) {
    const base64 = await file.toBase64()
    const about = { base64_head: base64.slice(0, 64), kind: 'file', name: file.name, size: Buffer.from(base64, 'base64').length }
    return this.#send(conversationId, file, about)
  }

  async #send (conversationId, something, about, mentions = []) {
    const modes = this.modes
    if (modes.delay_send) await pause(modes.delay_send)
    if (modes.hang_send) {
      report(this.gateway, { at: now(), event: 'hung', to: conversationId, ...about })
      await new Promise(() => {})
    }
    if (modes.refuse_send) throw new Error(String(modes.refuse_send === true ? 'refused' : modes.refuse_send))
    if (!this.isLoggedIn) throw new Error('not logged in')
    const id = this.gateway.speak(this.currentUserId, conversationId, something, { echo: true, mentions })
    this.gateway.record({ at: now(), event: 'sent', id, to: conversationId, ...about })
    if (modes.accept_then_drop) {
      modes.accept_then_drop = false
      await this.gateway.drop()
      await new Promise(() => {})
    }
    return id
  }

  async messageRawPayload (id) {
    if (this.modes.hang_payload) {
      report(this.gateway, { at: now(), event: 'hung', id, kind: 'payload', to: '' })
      await new Promise(() => {})
    }
    return super.messageRawPayload(id)
  }

  /** The mock's own is always the same code to scan; ours is the picture that a person sent. */
  async messageImage (id, type) {
    report(this.gateway, { at: now(), event: 'asked', id, kind: 'picture', to: '', type })
    const modes = this.modes
    if (modes.hang_picture) {
      report(this.gateway, { at: now(), event: 'hung', id, kind: 'picture', to: '' })
      await new Promise(() => {})
    }
    if (modes.refuse_picture) throw new Error('no such image')
    return this.messageFile(id)
  }

  async roomMemberRawPayload (roomId, contactId) {
    const payload = await super.roomMemberRawPayload(roomId, contactId)
    return { ...payload, roomAlias: this.aliases.get(`${roomId} ${contactId}`) }
  }
}

class Gateway {
  constructor (town) {
    this.town = town
    this.loggedIn = town.logged_in !== false
    this.mocker = new mock.Mocker()
    this.puppet = new RecordingPuppet({ mocker: this.mocker })
    this.puppet.gateway = this
    this.puppet.on('error', () => {})
    for (const person of [town.bot, ...town.people]) this.mocker.createContact({ ...person, alias: '' })
    for (const { id, topic, members } of town.rooms) {
      this.mocker.createRoom({ id, memberIdList: [town.bot.id, ...members], topic })
    }
  }

  async listen () {
    const { port, token } = this.town
    this.server = new PuppetServer({ endpoint: `127.0.0.1:${port}`, puppet: this.puppet, tls: { disable: true }, token })
    await this.server.start()
  }

  /** A client asked us to start: a kept session logs in by itself, as a real account does. */
  start () {
    if (this.loggedIn && !this.puppet.isLoggedIn) this.mocker.login(this.contact(this.town.bot.id))
  }

  /** Cut every connection, then listen again. */
  async drop () {
    await this.server.stop()
    await this.listen()
  }

  contact (id) { return this.mocker.ContactMock.load(id) }
  room (id) { return this.mocker.RoomMock.load(id) }

  /** `from` says something in a room or to a person; returns the message's id. */
  speak (from, to, something, { mentions = [], type, echo = false } = {}) {
    const where = to.includes('@') ? this.room(to) : this.contact(to)
    const held = this.puppet.held = []
    try {
      this.contact(from).say(something, mentions.map(id => this.contact(id))).to(where)
    } finally {
      this.puppet.held = undefined
    }
    const [event] = held
    if (type !== undefined) this.mocker.messagePayload(event.messageId).type = type
    const { echo_never: never, echo_late: late } = echo ? this.puppet.modes : {}
    if (late) setTimeout(() => this.puppet.emit('message', event), late)
    else if (!never) this.puppet.emit('message', event)
    return event.messageId
  }

  record (sent) {
    if (!this.flooding) return report(this, sent)
    this.flooding.sent.push(sent)
    if (this.flooding.sent.length >= this.flooding.expect) this.flooding.done()
  }

  // ---- commands -------------------------------------------------------------------------------------------------

  say ({ contact, room, to, text, mention = [], type }) {
    return { id: this.speak(contact, room ?? to ?? this.town.bot.id, text, { mentions: mention, type }) }
  }

  /** A person sends a picture, given as base64, in a room or to the bot alone. */
  picture ({ contact, room, base64, name = 'photo.jpg' }) {
    return { id: this.speak(contact, room ?? this.town.bot.id, FileBox.fromBase64(base64, name)) }
  }

  topic ({ room, topic, by }) { this.room(room).topic(topic).by(this.contact(by)) }
  join ({ room, contacts, by }) { this.room(room).add(...contacts.map(id => this.contact(id))).by(this.contact(by)) }
  leave ({ room, contacts, by }) { this.room(room).remove(...contacts.map(id => this.contact(id))).by(this.contact(by)) }

  recall ({ room, contact, message, xml = false }) {
    const text = xml
      ? `<sysmsg type="revokemsg"><revokemsg><session>x</session><newmsgid>${message}</newmsgid></revokemsg></sysmsg>`
      : message
    return { id: this.speak(contact, room ?? this.town.bot.id, text, { type: PUPPET.types.Message.Recalled }) }
  }

  person ({ id, name }) { this.mocker.createContact({ alias: '', id, name }) }

  rename ({ contact, name }) {
    this.mocker.contactPayload(contact).name = name
    this.puppet.dirtyPayload(PUPPET.types.Dirty.Contact, contact)
  }

  alias ({ room, contact, alias }) {
    this.puppet.aliases.set(`${room} ${contact}`, alias)
    this.puppet.dirtyPayload(PUPPET.types.Dirty.RoomMember, room)
  }

  async logout ({ reason = 'kicked' }) {
    this.loggedIn = false
    await this.puppet.logout(reason)
  }

  login () {
    this.loggedIn = true
    this.start()
  }

  scan ({ qrcode, status = PUPPET.types.ScanStatus.Waiting }) { this.mocker.scan(qrcode, status) }
  emit ({ name, payload }) { this.puppet.emit(name, payload) }
  ping () {}
  mode ({ modes }) { this.puppet.modes = modes }

  /** Stop listening in the orderly way; the process ends. */
  async close () {
    await this.server.stop()
    setTimeout(() => process.exit(0), 50)
  }

  /**
   * `n` messages from the people round the rooms, at `rate` a second or flat out (null), while at most `window` wait
   * for their answer. "{i}" in the text becomes the message's number. Answers when `expect` sends were recorded, or
   * after `timeout` ms: {said: [{at, id, room, contact, text}], sent: [{at, to, text, ...}], complete}.
   */
  async flood ({ n, rate = null, rooms, people, text, mention = [], expect = n, window = 256, timeout = 60_000 }) {
    const said = []
    const sent = []
    const finished = new Promise(resolve => { this.flooding = { done: resolve, expect, sent } })
    const deadline = now() + timeout
    const begun = now()
    for (let i = 0; i < n && now() < deadline; i++) {
      if (rate) {
        const wait = begun + i * 1000 / rate - now()
        if (wait > 0) await pause(wait)
      } else {
        while (i * expect / n - sent.length >= window && now() < deadline) await pause(1)
        if (i % 16 === 15) await new Promise(resolve => setImmediate(resolve))
      }
      const room = rooms[i % rooms.length]
      const contact = people[Math.floor(i / rooms.length) % people.length]
      const words = text.replaceAll('{i}', String(i))
      const at = now()
      said.push({ at, contact, id: this.speak(contact, room, words, { mentions: mention }), room, text: words })
    }
    const late = new Promise(resolve => setTimeout(resolve, Math.max(0, deadline - now())).unref())
    await Promise.race([finished, late])
    this.flooding = undefined
    return { complete: sent.length >= expect, said, sent }
  }
}

const COMMANDS = new Set([
  'alias', 'close', 'drop', 'emit', 'flood', 'join', 'leave', 'login', 'logout', 'mode', 'person', 'picture', 'ping', 'recall', 'rename',
  'say', 'scan', 'topic',
])

let gateway
async function obey ({ seq, cmd, ...rest }) {
  const mine = gateway
  const answer = value => { if (mine === gateway) print({ seq, ...value }) }
  try {
    if (!COMMANDS.has(cmd)) throw new Error(`no such command: ${cmd}`)
    answer(await mine[cmd](rest))
  } catch (e) {
    answer({ error: e.message })
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  if (!gateway) {
    gateway = new Gateway(request)
    await gateway.listen()
    print({ event: 'ready' })
  } else if (request.cmd === 'again') { // this town is over: the next line opens another
    const over = gateway
    gateway = undefined
    await over.server.stop()
    print({ event: 'free' })
  } else {
    void obey(request)
  }
}
process.exit(0) // our driver is gone

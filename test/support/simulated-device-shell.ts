import type { ServerChannel } from 'ssh2';
import type { DeviceLog } from './simulated-device.ts';

const RED = '\u001b[31m';
const GREEN = '\u001b[32m';
const YELLOW = '\u001b[33m';
const PLAIN = '\u001b[0m';
const PROMPT = 'SMU> ';

/** What the simulated power monitoring unit says, by command. */
const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  help: [
    'show rect                     整流模块',
    'show alarm                    当前告警',
    'show battery                  电池组',
    'show log                      告警日志',
    'bus reset can0 --standby      监控总线复位',
    'exit                          退出',
  ],
  'show rect': [
    ' 槽位  型号        序列号          状态      输出',
    ` R1   48V/50A    2102K40117      ${RED}通信中断${PLAIN}   --`,
    ` R2   48V/50A    2102K40118      ${RED}通信中断${PLAIN}   --`,
    ` R3   48V/50A    2102K40131      ${GREEN}正常${PLAIN}      41.2 A`,
  ],
  'show alarm': [
    ' 时间       级别   告警',
    ` 08:57:02   ${RED}紧急${PLAIN}   整流模块 R1 通信中断`,
    ` 08:57:02   ${RED}紧急${PLAIN}   整流模块 R2 通信中断`,
    ` 08:57:05   ${YELLOW}重要${PLAIN}   监控总线 CAN0 异常`,
  ],
  'show battery': [
    ' 组    电压      电流     温度     容量',
    ` 1    53.5 V    0.4 A    24 ℃    ${GREEN}98 %${PLAIN}`,
    ` 2    53.4 V    0.5 A    25 ℃    ${GREEN}97 %${PLAIN}`,
  ],
  'bus reset can0 --standby': [
    `${YELLOW}确认:将短暂中断监控采集,整流输出不受影响${PLAIN}`,
    'CAN0 复位完成,重新登记 5/6',
  ],
};

/** The line editor and the commands of one login: echo, backspace, Ctrl+C, Ctrl+D. */
export class DeviceShell {
  readonly #channel: ServerChannel;
  readonly #log: DeviceLog;
  readonly #decoder = new TextDecoder();
  #line = '';

  constructor(channel: ServerChannel, log: DeviceLog) {
    this.#channel = channel;
    this.#log = log;
  }

  start(): void {
    this.#say('SMU-2000 监控单元 3.12 (simulated)', 'help 显示命令');
    this.#channel.write(PROMPT);
    this.#channel.on('data', (bytes: Buffer) => {
      for (const character of this.#decoder.decode(bytes, { stream: true })) this.#type(character);
    });
    this.#channel.on('error', () => undefined);
  }

  #type(character: string): void {
    if (character === '\r' || character === '\n') {
      this.#channel.write('\r\n');
      this.#run(this.#line.trim().replaceAll(/\s+/g, ' '));
      this.#line = '';
    } else if (character === '\u0003') {
      this.#line = '';
      this.#channel.write(`^C\r\n${PROMPT}`);
    } else if (character === '\u0004') {
      this.#leave();
    } else if (character === '\u007f' || character === '\b') {
      const last = [...this.#line].at(-1);
      if (last === undefined) return;
      this.#line = this.#line.slice(0, -last.length);
      // A Chinese character covers two columns.
      this.#channel.write('\b \b'.repeat(last > '\u2e7f' ? 2 : 1));
    } else if (character >= ' ' && this.#line.length < 200) {
      this.#line += character;
      this.#channel.write(character);
    }
  }

  #run(command: string): void {
    if (command === 'exit' || command === 'quit') return this.#leave();
    if (command === 'show log') this.#say(...this.#log.text.trimEnd().split('\n'));
    else if (command !== '') this.#say(...(ANSWERS[command] ?? [`% Invalid: ${command}`]));
    if (command.startsWith('bus reset')) this.#log.append('CAN0 复位完成,重新登记 5/6\n');
    this.#channel.write(PROMPT);
  }

  #say(...lines: string[]): void {
    this.#channel.write(lines.map((line) => `${line}\r\n`).join(''));
  }

  #leave(): void {
    this.#say('再见');
    this.#channel.exit(0);
    this.#channel.end();
  }
}

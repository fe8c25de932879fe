/** Words of the staff's list of sensors that are missing, fetched with it. Japanese is the type, as in ja.ts. */
export const sensorsJa = {
  title: (n: number, all: number) => `データが届いていないセンサー ${n}台(全${all}台)`,
  allHere: (all: number) => `すべてのセンサー(${all}台)からデータが届いています。`,
  noSensors: "センサーがまだ登録されていません。",
  cause: {
    network: "ネットワークが止まっている",
    gateway: "中継局が止まっている",
    device: "センサー本体",
    channel: "センサーの一部の値だけ来ない",
    restart: "再開したばかり(待っています)",
    unsaid: "理由がまだわからない",
  },
  ofGateways: (names: string) => `中継局が止まっている: ${names}`,
  count: (n: number) => `(${n}台)`,
  unsaidNote: "登録してから一度も届いていないか、理由を調べています。",
  show: (n: number) => `${n}台を見る`,
  more: (n: number) => `ほかに${n}台あります。`,
  never: "まだ一度も",
  loss: (value: string) => `電波の欠け ${value}`,
  battery: (value: string) => `電池 ${value}`,
  daysLeft: (n: number) => `あと約${n}日`,
  daysUnknown: "残りの日数 —",
  strangers: {
    title: (n: number) => `未登録の端末 ${n}台`,
    failed: "未登録の端末を読めませんでした。1分ごとにためしています。",
    hint: "登録すると、これまでに届いたデータも読み直されます。",
    heard: (times: number, age: string) => `${times}回・最後 ${age}`,
  },
};

export type SensorMessages = typeof sensorsJa;

// Texts of the classes that tokenizers treat differently. They were written for this benchmark.

const ENGLISH = `Thanks for your patience. I looked up the order and found that two of the five boxes left the warehouse on Monday, while the
other three are still waiting for a missing gasket. The carrier expects to deliver the first part tomorrow before noon; somebody has to
sign for it, because the pump alone weighs more than thirty kilograms. If nobody is at home, the driver will try again on Thursday, and
after that the parcel goes back to us. Would you like me to send everything together next week instead? That would be free of charge, but
you would have to wait about four more days.

It was a bright afternoon in early spring, and the river had risen so high that the old mill stood in water up to its lowest windows. The
miller's daughter sat on the stairs with a book on her knees and watched the branches, barrels and once even a whole garden fence drift
past. She had counted seventeen barrels since breakfast. Her grandfather, who had seen the great flood of his childhood, said that there
would be many more before the evening, and that one of them would surely be full.`;

const CODE = `import { createHash } from 'node:crypto';

/** Keeps the newest values, up to a number of bytes. */
export class BoundedCache<Value> {
  private readonly entries = new Map<string, { value: Value; bytes: number }>();
  private totalBytes = 0;

  constructor(private readonly maxBytes: number) {}

  get(key: string): Value | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry); // the newest entry is the last one
    return entry.value;
  }

  set(key: string, value: Value, bytes: number): void {
    this.totalBytes += bytes - (this.entries.get(key)?.bytes ?? 0);
    this.entries.delete(key);
    this.entries.set(key, { value, bytes });
    for (const [oldest, { bytes: size }] of this.entries) {
      if (this.totalBytes <= this.maxBytes) break;
      this.entries.delete(oldest);
      this.totalBytes -= size;
    }
  }
}

def moving_average(values, width=5):
    """Yields the mean of the last \`width\` values, as soon as there are so many."""
    window = collections.deque(maxlen=width)
    for value in values:
        window.append(float(value))
        if len(window) == width:
            yield sum(window) / width

SELECT c.id, count(*) AS events, max(e.inserted_at) AS changed_at
  FROM conversations c JOIN events e ON e.conversation_id = c.id AND e.seq > c.last_seq - 100
 WHERE c.namespace = $1 AND c.tombstoned_at IS NULL
 GROUP BY c.id HAVING count(*) > 10 ORDER BY changed_at DESC LIMIT 50;`;

const JSON_TEXT = JSON.stringify({
  reservation: 'ZFA04Y',
  user: {
    id: 'sara_moore_2581',
    name: { first: 'Sara', last: 'Moore' },
    email: 'sara.moore@example.com',
    member: 'gold',
  },
  flights: Array.from({ length: 8 }, (_, index) => ({
    number: `HAT${100 + index * 37}`,
    origin: ['JFK', 'SEA', 'DFW', 'MIA'][index % 4],
    destination: ['LAX', 'BOS', 'ORD', 'PHX'][index % 4],
    date: `2026-05-${10 + index}`,
    departure: `${(6 + index * 2) % 24}:05:00`,
    price: 129 + index * 17.5,
    seats: { basic_economy: 18 - index, economy: 4 + index, business: index },
    status: index % 3 === 0 ? 'delayed' : 'available',
  })),
  payment: [{ method: 'credit_card', brand: 'visa', last_four: '7447', amount: 1290.5 }],
  insurance: false,
  total_baggages: 3,
});

const CHINESE = `感谢您的耐心等待。我查了一下订单，五个箱子中有两个已经在星期一离开仓库，另外三个还在等一个缺少的垫圈。快递公司预计明天中午之前送到第一
部分，需要有人签收，因为光是水泵就超过三十公斤。如果家里没有人，司机会在星期四再来一次，之后包裹就会退回给我们。您希望我们下个星期一起发货吗？这
样不收任何费用，但是您需要多等大约四天。

那是初春一个晴朗的下午，河水涨得很高，旧磨坊最下面的窗户都泡在水里。磨坊主的女儿坐在楼梯上，膝上放着一本书，看着树枝、木桶，有一次甚至是一整排花
园的篱笆从眼前漂过。从早饭到现在，她已经数了十七个木桶。她的祖父小时候见过那场大洪水，他说天黑以前还会有更多的木桶，其中一个一定是满的。`;

const RUSSIAN = `Спасибо за терпение. Я посмотрел ваш заказ: две из пяти коробок покинули склад в понедельник, а остальные три всё ещё ждут
недостающую прокладку. Служба доставки обещает привезти первую часть завтра до полудня; кто-то должен расписаться в получении, потому что
один только насос весит больше тридцати килограммов. Если дома никого не будет, водитель приедет ещё раз в четверг, а потом посылка
вернётся к нам. Хотите, чтобы мы отправили всё вместе на следующей неделе? Это бесплатно, но придётся подождать ещё около четырёх дней.

Был ясный день ранней весны, и река поднялась так высоко, что старая мельница стояла в воде по самые нижние окна. Дочь мельника сидела на
лестнице с книгой на коленях и смотрела, как мимо проплывают ветки, бочки, а однажды даже целый садовый забор. С самого завтрака она
насчитала семнадцать бочек. Дед, который помнил большое наводнение своего детства, говорил, что до вечера их будет ещё много и что одна из
них наверняка окажется полной.`;

const GREEK = `Σας ευχαριστώ για την υπομονή σας. Έλεγξα την παραγγελία και είδα ότι δύο από τα πέντε κιβώτια έφυγαν από την αποθήκη τη
Δευτέρα, ενώ τα άλλα τρία περιμένουν ακόμη ένα εξάρτημα που λείπει. Η εταιρεία μεταφορών υπολογίζει να παραδώσει το πρώτο μέρος αύριο πριν
από το μεσημέρι· κάποιος πρέπει να υπογράψει την παραλαβή, γιατί μόνο η αντλία ζυγίζει πάνω από τριάντα κιλά. Αν δεν είναι κανείς στο
σπίτι, ο οδηγός θα ξαναπεράσει την Πέμπτη και μετά το δέμα επιστρέφει σε εμάς. Θέλετε να τα στείλουμε όλα μαζί την επόμενη εβδομάδα; Δεν
θα σας κοστίσει τίποτα, αλλά θα πρέπει να περιμένετε περίπου τέσσερις μέρες ακόμη.

Ήταν ένα φωτεινό απόγευμα στις αρχές της άνοιξης και το ποτάμι είχε ανέβει τόσο, που ο παλιός μύλος στεκόταν μέσα στο νερό ως τα χαμηλά του
παράθυρα. Η κόρη του μυλωνά καθόταν στη σκάλα με ένα βιβλίο στα γόνατα και κοίταζε τα κλαδιά, τα βαρέλια και μια φορά ολόκληρο φράχτη να
περνούν μπροστά της. Από το πρωί είχε μετρήσει δεκαεπτά βαρέλια. Ο παππούς της, που θυμόταν τη μεγάλη πλημμύρα των παιδικών του χρόνων,
έλεγε ότι ως το βράδυ θα έρθουν κι άλλα και ότι ένα από αυτά σίγουρα θα είναι γεμάτο.`;

/** A text per class. */
export const CORPUS = {
  English: ENGLISH,
  code: CODE,
  JSON: JSON_TEXT,
  Chinese: CHINESE,
  Russian: RUSSIAN,
  Greek: GREEK,
};

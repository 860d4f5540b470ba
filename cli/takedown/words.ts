// The words of takedown for people, in Vietnamese and English. Whatever has no words here is shown by its name.
import { REFUSAL_REASONS, type RefusalReason } from '../../takedown/refusal-reasons.js';
import {
  EVENT_TYPES,
  STAGES,
  STATUSES,
  type EventType,
  type Stage,
  type Status,
} from '../../takedown/event-types.js';

/** One thing in both languages. */
export interface Words {
  readonly vi: string;
  readonly en: string;
}

const words = (vi: string, en: string): Words => ({ vi, en });

const STATUS_WORDS: Readonly<Record<Status, Words>> = {
  UNREPORTED: words('chưa có báo cáo', 'not reported'),
  REPORTED: words('đã được báo cáo', 'reported'),
  TRIAGED: words('đã sàng lọc', 'triaged'),
  ASSESSED: words('đã đánh giá', 'assessed'),
  SELF_ACTIONED: words('nhà cung cấp nói đã tự gỡ', 'the provider says it removed it by itself'),
  REAPPEARED: words('xuất hiện trở lại', 'came back'),
  NOTICE_ISSUED: words('đã yêu cầu gỡ', 'takedown requested'),
  ACKNOWLEDGED: words('nhà cung cấp đã nhận yêu cầu', 'request acknowledged'),
  ACTION_CLAIMED: words('nhà cung cấp nói đã gỡ, chưa xác minh', 'claimed down, not verified'),
  VERIFIED_STILL_UP: words('đã kiểm tra: vẫn còn', 'verified: still up'),
  ESCALATED: words('đã chuyển lên cấp trên', 'escalated'),
  ALREADY_DOWN: words('không còn từ trước khi yêu cầu', 'was down before any request'),
  VERIFIED_DOWN: words('đã xác minh: đã gỡ', 'verified: down'),
  CLOSED_DOWN: words('đã đóng: đã gỡ', 'closed: down'),
  CLOSED_NOT_ILLEGAL: words('đã đóng: không vi phạm', 'closed: not illegal'),
  CLOSED_NOT_IN_JURISDICTION: words('đã đóng: ngoài thẩm quyền', 'closed: not in jurisdiction'),
  CLOSED_NOT_RESOLVABLE: words('đã đóng: không xác định được', 'closed: not resolvable'),
  REFERRED: words('đã chuyển cơ quan khác', 'referred to another authority'),
  RETRACTED: words('báo cáo đã được rút', 'retracted'),
  REINSTATED: words('đã khôi phục sau khiếu nại', 'reinstated after an appeal'),
};

const STAGE_WORDS: Readonly<Record<Stage, Words>> = {
  TRIAGE: words('sàng lọc', 'triage'),
  ASSESSMENT: words('đánh giá', 'assessment'),
  NOTICE: words('yêu cầu gỡ', 'notice'),
  VERIFICATION: words('xác minh', 'verification'),
  ESCALATION: words('chuyển cấp trên', 'escalation'),
};

const EVENT_WORDS: Readonly<Record<EventType, Words>> = {
  REPORTED: words('báo cáo', 'reported'),
  SELF_ACTIONED: words('nhà cung cấp báo đã tự gỡ', 'reported as removed by the provider itself'),
  RETRACTED: words('rút báo cáo', 'report retracted'),
  ASSIGNED: words('giao việc', 'assigned'),
  HANDED_OVER: words('bàn giao', 'handed over'),
  TRIAGED: words('sàng lọc', 'triaged'),
  ASSESSED: words('đánh giá', 'assessed'),
  HOLD: words('tạm dừng theo yêu cầu điều tra', 'hold: law enforcement asks to wait'),
  HOLD_ENDED: words('hết tạm dừng', 'hold ended'),
  NOTICE_ISSUED: words('yêu cầu gỡ', 'takedown requested'),
  NOTICE_REPEATED: words('nhắc lại yêu cầu', 'request repeated'),
  ACKNOWLEDGED: words('nhà cung cấp đã nhận yêu cầu', 'request acknowledged'),
  ACTION_CLAIMED: words('nhà cung cấp báo đã gỡ', 'provider says it is down'),
  VERIFIED_STILL_UP: words('kiểm tra: vẫn còn', 'seen still up'),
  BREACHED: words('quá hạn', 'deadline passed'),
  BREACH_WITHDRAWN: words('hủy thông báo quá hạn', 'notice of the passed deadline withdrawn'),
  ESCALATED: words('chuyển lên cấp trên', 'escalated'),
  BLOCK_ORDERED: words('yêu cầu chặn', 'block ordered'),
  BLOCK_CONFIRMED: words('xác nhận đã chặn', 'block confirmed'),
  BLOCK_VERIFIED: words('kiểm tra: đã chặn', 'block verified'),
  ALREADY_DOWN: words('không còn từ trước khi yêu cầu', 'found down before any request'),
  VERIFIED_DOWN: words('kiểm tra: đã gỡ', 'seen down'),
  APPEALED: words('khiếu nại', 'appealed'),
  REINSTATED: words('khôi phục', 'reinstated'),
  UPHELD: words('giữ nguyên quyết định', 'decision upheld'),
  CLOSED: words('đóng vụ việc', 'closed'),
  REFERRED: words('chuyển cơ quan khác', 'referred'),
  REAPPEARED: words('xuất hiện trở lại', 'came back'),
};

const REFUSAL_WORDS: Readonly<Record<RefusalReason, Words>> = {
  NOT_REPORTED: words('chưa có báo cáo nào mở vụ việc này', 'no report has opened this case'),
  NOT_ASSESSED: words('nội dung chưa được đánh giá', 'nobody has assessed the content yet'),
  NOT_FOUNDED: words('đánh giá không thấy căn cứ', 'the assessment found no ground for it'),
  NO_NOTICE: words('chưa có yêu cầu gỡ nào', 'no takedown has been requested'),
  NOT_ADDRESSED: words(
    'yêu cầu không gửi cho nhà cung cấp này',
    'no request of this cycle names this addressee',
  ),
  NOT_ENTITLED: words('không có quyền làm việc này', 'whoever acts may not say this'),
  NOT_INDEPENDENT: words('tự nhà cung cấp kiểm tra thì không tính', "a provider's own look proves nothing"),
  NOT_BREACHED: words('chưa hết hạn nào', 'every deadline still runs'),
  NOT_HELD: words('vụ việc không bị tạm dừng', 'the case is not on hold'),
  NOT_APPEALED: words('không có khiếu nại nào', 'nobody has appealed'),
  NOT_ORDERED: words('chưa yêu cầu nhà cung cấp này chặn', 'nobody ordered this provider to block'),
  NOT_SEEN_DOWN: words('chưa ai thấy nội dung đã gỡ', 'nobody has seen the content down'),
  ALREADY_DOWN: words('nội dung đã được thấy là đã gỡ', 'the content has been seen down already'),
  AFTER_NOTICE: words('việc này thuộc bước trước khi yêu cầu gỡ', 'belongs before the takedown request'),
  OUT_OF_ORDER: words('quy trình đã qua bước này', 'the procedure has gone past this step'),
  CLAIM_UNVERIFIED: words(
    'nhà cung cấp nói đã gỡ: phải kiểm tra trước',
    'the provider says it is down: somebody must look first',
  ),
  CASE_CLOSED: words('vụ việc đã đóng', 'the case is closed'),
  NOT_OUTSIDE_JURISDICTION: words(
    'chỉ chuyển vụ việc đã đóng vì ngoài thẩm quyền',
    'only a case that was closed as NOT_IN_JURISDICTION is referred',
  ),
  UNKNOWN_REPORT: words('vụ việc không có báo cáo này', 'the case has no such report'),
  ALREADY_ASSIGNED: words(
    'công đoạn đã có người phụ trách, phải bàn giao',
    'the stage has an owner, who can hand over',
  ),
  NOT_THE_OWNER: words(
    'người bàn giao không phụ trách công đoạn',
    'whoever hands over does not own the stage',
  ),
  OTHER_LOCATION: words(
    'không liên quan đến vị trí của vụ việc này',
    'names another location than that of the case',
  ),
  TOO_MANY: words('đã đạt giới hạn của lần xử lý này', 'a limit of this cycle is reached'),
  SAME_ID_OTHER_CONTENT: words(
    'mã sự kiện đã dùng cho nội dung khác',
    'the event id was used before for something else',
  ),
  OUTDATED: words(
    'vụ việc đã thay đổi sau khi được xem',
    'the case has changed since it was looked at: look again, then act',
  ),
};

export function statusWords(status: string): Words {
  return known(STATUSES, STATUS_WORDS, status);
}

export function stageWords(stage: string): Words {
  return known(STAGES, STAGE_WORDS, stage);
}

export function eventWords(type: string): Words {
  return known(EVENT_TYPES, EVENT_WORDS, type);
}

export function refusalWords(reason: string): Words {
  return known(REFUSAL_REASONS, REFUSAL_WORDS, reason);
}

/** `vi / en`, as the pages and commands of the authority show it. */
export function bothOf({ vi, en }: Words): string {
  return vi === en ? vi : `${vi} / ${en}`;
}

function known<Name extends string>(
  names: readonly Name[],
  table: Readonly<Record<Name, Words>>,
  asked: string,
): Words {
  const name = names.find((one) => one === asked);
  return name === undefined ? words(asked, asked) : table[name];
}

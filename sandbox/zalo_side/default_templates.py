"""The templates every OA of the sandbox starts with."""

from copy import copy

from sandbox.zalo_side.answers import JsonObject
from sandbox.zalo_side.templates import Param, Status, Tag, Template

CUSTOMER = Param("customer_name", 30, "Nguyễn Thị Lan")
HOTLINE: JsonObject = {"type": 2, "title": "Gọi hotline", "content": "1900000000"}
OA_PAGE: JsonObject = {"type": 3, "title": "Quan tâm OA", "content": "https://zalo.me/2902001003004005006"}


# Every OA gets copies of these; the first is the appointment confirmation.
DEFAULTS = (
    Template(
        "300111",
        "Xác nhận lịch hẹn",
        Tag.TRANSACTION,
        (CUSTOMER, Param("booking_code", 30, "LH-0217"), Param("schedule_time", 20, "09:30 24/11/2026")),
        buttons=(HOTLINE,),
        body="Chào <customer_name>, lịch hẹn <booking_code> của quý khách vào lúc <schedule_time> đã được xác nhận.",
    ),
    Template(
        "300112",
        "Xác nhận đơn hàng",
        Tag.TRANSACTION,
        (
            CUSTOMER,
            Param("order_code", 30, "DH-000123"),
            Param("order_date", 20, "22/11/2026"),
            Param("amount", 12, "450000"),
            Param("note", 90, "Giao giờ hành chính", accept_null=True, require=False),
        ),
        buttons=(OA_PAGE,),
        body="Cảm ơn <customer_name>. Đơn <order_code> ngày <order_date>, tổng <amount> đồng, đã được ghi nhận. <note>",
    ),
    Template(
        "300113",
        "Đánh giá dịch vụ",
        Tag.CUSTOMER_CARE,
        (CUSTOMER, Param("service_name", 100, "Chăm sóc da cơ bản"), Param("visit_date", 20, "20/11/2026")),
        made_of="rating",
        body="Chào <customer_name>, xin cho biết cảm nhận về dịch vụ <service_name> ngày <visit_date>.",
    ),
    Template(
        "300114",
        "Ưu đãi khách quen",
        Tag.PROMOTION,
        (CUSTOMER, Param("voucher_code", 25, "HOAMAI20"), Param("end_date", 20, "31/12/2026")),
        price_phone=600,
        price_uid=420,
        quality="MEDIUM",
        buttons=(OA_PAGE, HOTLINE),
        night_rule=True,
        body="Tặng <customer_name> mã ưu đãi <voucher_code>, dùng đến hết ngày <end_date>.",
    ),
    Template(
        "300115",
        "Nhắc lịch tái khám",
        Tag.TRANSACTION,
        (CUSTOMER,),
        status=Status.REJECT,
        reason="Nội dung chưa có tham số định danh giao dịch",
        quality="UNDEFINED",
    ),
    Template(
        "300116",
        "Chúc mừng sinh nhật",
        Tag.CUSTOMER_CARE,
        (CUSTOMER, Param("birthday", 20, "22/11")),
        status=Status.DISABLE,
        reason="Chất lượng gửi thấp",
        quality="LOW",
    ),
)


def default_templates() -> list[Template]:
    """Fresh copies of the templates an OA starts with."""
    return [copy(template) for template in DEFAULTS]

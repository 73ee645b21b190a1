"""Natural Vietnamese names, the same ones for the same seed."""

from random import Random

FAMILIES = (
    *("Nguyễn",) * 6,
    *("Trần", "Trần", "Lê", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ"),
    *("Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý"),
)
WOMEN = (
    ("Thị", "Ngọc", "Thu", "Minh", "Thanh", "Mai", "Khánh", "Bảo"),
    ("Lan", "Hoa", "Hương", "Anh", "Linh", "Trang", "Mai", "Hà", "Nhung", "Thảo", "Vy", "Yến", "Phương", "Ngân"),
)
MEN = (
    ("Văn", "Minh", "Quốc", "Đức", "Hữu", "Gia", "Tuấn", "Xuân"),
    ("Hùng", "Dũng", "Nam", "Anh", "Tuấn", "Long", "Bảo", "Khang", "Phúc", "Huy", "Sơn", "Thành", "Việt", "Quân"),
)
OA_NAMES = ("Spa Hoa Mai", "Nha Khoa Sao Việt", "Trà Sữa Lá Me", "Tiệm Bánh Cô Ba", "Thời Trang An Nhiên")


def full_name(random: Random) -> str:
    """One Vietnamese full name: family, middle, given."""
    middles, givens = WOMEN if random.random() < 0.6 else MEN
    return f"{random.choice(FAMILIES)} {random.choice(middles)} {random.choice(givens)}"


def oa_name(index: int) -> str:
    """The name of the sandbox's index-th Official Account, counted from 0."""
    suffix = "" if index < len(OA_NAMES) else f" {index // len(OA_NAMES) + 1}"
    return OA_NAMES[index % len(OA_NAMES)] + suffix

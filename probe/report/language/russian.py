"""The Russian texts; the same keys as the English ones."""

from probe.model.words import Category as C
from probe.model.words import Flag, Grade, Layer, State, VantageState
from probe.report.language.russian_mechanisms import MECHANISMS
from probe.report.language.wording import Wording

RUSSIAN = Wording(
    language="ru",
    states={
        State.OK: "работает.",
        State.RESTRICTED: "открывается, но показывает меньше обычного.",
        State.REFUSED: "отказывает сам сервис.",
        State.IMPAIRED: "работает, но плохо.",
        State.BLOCKED: "не открывается.",
        State.DOWN: "не работает.",
        State.INSUFFICIENT: "вывода нет.",
    },
    blocked={
        Grade.CONFIRMED: "доступу мешают на пути.",
        Grade.STRONG: "не открывается; данные указывают на блокировку.",
        Grade.PROBABLE: "не открывается; похоже на блокировку.",
        Grade.SUSPECTED: "не открывается.",
    },
    grades={
        Grade.CONFIRMED: "Подтверждено: повторено и сравнено с контролями.",
        Grade.STRONG: "Данные убедительны; названные ниже объяснения проверены.",
        Grade.PROBABLE: "Вероятно, но не доказано.",
        Grade.SUSPECTED: "Одна проверка, пока не подтверждено.",
    },
    repeated="Проверок: {n}, пока не подтверждено.",
    mechanisms=MECHANISMS,
    cells={
        C.OK: "да",
        C.REACHABLE_BOTWALL: "проверка",
        C.SERVER_GEOBLOCK: "отказ",
        C.PLATFORM_WITHHELD: "скрыто",
        C.DOWN: "не работает",
        C.CAPTIVE_PORTAL: "вход в сеть",
        C.LOCAL_INTERFERENCE: "местное",
        C.SHUTDOWN: "нет связи",
        C.ALLOWLIST: "не разрешено",
        C.DNS_LIE: "ложный ответ",
        C.DNS_INJECTION: "подделка",
        C.DNS_DROP: "нет ответа",
        C.RESOLVER_BLOCKED: "нет резолвера",
        C.IP_BLOCK: "нет ответа",
        C.PORT_BLOCK: "закрыто",
        C.TLS_SNI_RESET: "обрыв",
        C.TLS_SNI_DROP: "молчание",
        C.TLS_FINGERPRINT_BLOCK: "обрыв по виду",
        C.TLS_MITM: "подмена",
        C.HTTP_BLOCK: "обрыв",
        C.BLOCKPAGE: "заглушка",
        C.HTTP_TAMPER: "изменено",
        C.QUIC_BLOCK: "нет ответа",
        C.THROTTLE: "медленно",
        C.TRANSFER_FREEZE: "замирает",
        C.INSUFFICIENT: "неясно",
    },
    layers={
        Layer.DNS: "поиск имени",
        Layer.IP: "соединение",
        Layer.TCP: "соединение",
        Layer.TLS: "шифрование",
        Layer.HTTP: "страница",
        Layer.QUIC: "HTTP/3",
        Layer.CONTENT: "страница",
        Layer.ENVIRONMENT: "это место",
    },
    columns={
        "service": "Сервис",
        "dns": "Имя",
        "tcp": "Соединение",
        "tls": "Шифрование",
        "http": "Страница",
        "quic": "HTTP/3",
        "category": "Вывод",
        "grade": "Степень",
        "n": "n",
        "endpoint": "Точка",
        "protocol": "По",
        "rivals": "Не исключено",
    },
    vantage={
        VantageState.ONLINE: "Линия работает: контрольные узлы ответили.",
        VantageState.DEGRADED: (
            "Линия работает с ограничениями: часть контрольных узлов не ответила. "
            "Выводы о сервисах сделаны с учётом этого."
        ),
        VantageState.OFFLINE: (
            "Интернета здесь нет: не ответил ни один контрольный узел. "
            "Ни об одном сервисе ничего сказать нельзя."
        ),
        VantageState.CAPTIVE_PORTAL: (
            "Эта сеть показывает вместо интернета свою страницу входа. "
            "Ни об одном сервисе ничего сказать нельзя."
        ),
        VantageState.INTERCEPTED: (
            "Шифрованные соединения вскрываются на пути или на этом компьютере, "
            "в том числе с узлами, которые никто не блокирует."
        ),
        VantageState.SHUTDOWN: (
            "Интернет здесь отключён, полностью или в сторону заграницы. "
            "Об отдельных сервисах ничего сказать нельзя."
        ),
        VantageState.ALLOWLIST: (
            "Отсюда доступны только разрешённые адресаты. "
            "Об отдельных сервисах ничего сказать нельзя."
        ),
    },
    gates={
        "offline": "не ответил ни один контрольный узел",
        "captive_portal": "за другие сайты отвечает страница входа этой сети",
        "interception": "сертификаты контрольных узлов подменены",
        "proxy": "на этом компьютере задан прокси",
        "hosts": "за измеряемые имена отвечает файл hosts",
        "filter": "за имена отвечает блокировщик рекламы или семейный фильтр",
        "vpn": "включён VPN: измеряется его сеть, а не ваша",
        "clock": "часы компьютера идут неверно",
        "ipv6": "IPv6 здесь не работает",
        "mtu": "большие пакеты не проходят",
        "shutdown": "зарубежные контрольные узлы не отвечают, местные отвечают",
        "allowlist": "отвечают только разрешённые адресаты",
        "udp443": "HTTP/3 здесь не работает ни с одним контрольным узлом",
    },
    flags={
        Flag.DNS_INTERCEPTED: "запросы имён перехватываются, кому бы ни были посланы",
        Flag.RESIDUAL_SEEN: "после обрыва обрывались и другие соединения туда же",
        Flag.PATH_DEPENDENT: "одни пути через сеть затронуты, другие нет",
        Flag.ADDRESS_DEPENDENT: "одни адреса сервиса затронуты, другие нет",
        Flag.OVERBLOCK: "заодно затронуты другие сайты",
        Flag.LEGAL_ORDER: "названо решение власти или суда",
        Flag.TRUST_LOCAL: "ручается лишь центр сертификации, добавленный на этот компьютер",
        Flag.PARTIAL: "затронута только часть сервиса",
        Flag.HTTP_PROXY: "на пути стоит веб-прокси",
        Flag.SVCB_FILTERED: "из ответов DNS удалены записи для шифрования имени",
        Flag.DNS64: "сеть переводит IPv4 в IPv6",
        Flag.CANARY_DOMAIN: "сеть просит браузеры отключить шифрованный DNS",
        Flag.CERTIFICATE_EXPIRED: "срок сертификата истёк",
        Flag.EDE_ADMITTED: "резолвер сам сообщает, что фильтрует",
        Flag.UNEXPECTED_CONTENT: "страница не такая, как ожидалось",
    },
    rivals={},
    next_steps={
        C.OK: "",
        C.REACHABLE_BOTWALL: "Так часто встречают дата-центры; сравните с домашней линией.",
        C.SERVER_GEOBLOCK: "Прежде чем делать выводы, сравните с линией в другой стране.",
        C.PLATFORM_WITHHELD: "Посмотрите отчёт платформы о прозрачности по этой стране.",
        C.DOWN: "Попробуйте позже; посмотрите страницу состояния самого сервиса.",
        C.CAPTIVE_PORTAL: "Войдите на странице этой сети и запустите снова.",
        C.LOCAL_INTERFERENCE: "Устраните или учтите названное выше и запустите снова.",
        C.SHUTDOWN: "Запустите снова, когда связь вернётся; сохранённое останется.",
        C.ALLOWLIST: "Запустите позже или с другой линии.",
        C.DNS_LIE: "Запустите позже с --profile quick: он спросит другие резолверы.",
        C.DNS_INJECTION: "Запустите позже с --profile quick, чтобы увидеть подделку дважды.",
        C.DNS_DROP: "Запустите позже с --profile quick, чтобы отличить это от потерь.",
        C.RESOLVER_BLOCKED: "Сравните с другой линией: так бывает и в сетях компаний.",
        C.IP_BLOCK: "Сравните с линией другого провайдера, здесь и за рубежом.",
        C.PORT_BLOCK: "Сравните с линией другого провайдера, здесь и за рубежом.",
        C.TLS_SNI_RESET: "Запустите позже с --profile quick: он сравнит с нейтральным именем.",
        C.TLS_SNI_DROP: "Запустите позже с --profile quick: он сравнит с нейтральным именем.",
        C.TLS_FINGERPRINT_BLOCK: "Запустите позже с --profile standard: он меняет приветствие.",
        C.TLS_MITM: "Не вводите пароли в таком соединении. `explain` покажет сертификат.",
        C.HTTP_BLOCK: "Запустите позже с --profile quick: он сравнит с нейтральным именем.",
        C.BLOCKPAGE: "`explain` покажет, что пришло; самим открывать страницу не нужно.",
        C.HTTP_TAMPER: "Запустите позже с --profile quick: повторится ли это.",
        C.QUIC_BLOCK: "Браузеры переходят на обычный HTTPS; сравните с другой линией.",
        C.THROTTLE: "Запустите в другое время суток с --profile standard.",
        C.TRANSFER_FREEZE: "Запустите позже с --profile standard: он повторит передачу.",
        C.INSUFFICIENT: "Запустите позже с --profile quick.",
    },
    phrases={
        "name_and_sentence": "{name}: {sentence}",
        "hosts_affected": "Затронуто точек: {affected} из {total}.",
        "could_also_be": "может быть и так: {rival}",
        "ruled_out": "исключено: {rival}",
        "not_asked": "не проверено",
        "remains": "проверено, не исключено",
        "next": "Дальше: {step}",
        "keep": "Данные сохранены; `roadblock export` выгрузит их для проверки другими.",
        "resolver_public": (
            "Этот компьютер спрашивает общедоступный резолвер: резолвер провайдера не проверен."
        ),
        "resolver_local": (
            "Отвечает резолвер на компьютере или роутере; какой стоит за ним, неизвестно."
        ),
        "where": "Измерено из: {place}, {time} UTC.",
        "unknown_place": "неизвестная сеть",
        "interrupted": "Измерение прервано; законченное показано и сохранено.",
        "budget": "Измерение закончено раньше: {reason}.",
        "invalid": "Измерение недействительно: {reason}.",
        "nothing_due": (
            "Ничего не измерено: все точки измерялись за последние {hours:.0f} ч. "
            "--again измеряет всё равно."
        ),
        "no_verdicts": "Ничего не измерено.",
        "lab": "Лабораторный прогон в мире {world}: серверы и цензор выдуманы.",
        "words": (
            "Степени от сильной к слабой: confirmed, strong, probable, suspected. "
            "`roadblock explain WORD` объясняет любое слово этой таблицы."
        ),
    },
)

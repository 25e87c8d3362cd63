#include "telemetry_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_UNIX_NS 1767607200000000000u /* 2026-01-05T10:00:00Z */

static const char *const services[] = {"shop-gateway", "shop-checkout", "shop-catalog",
                                       "shop-payment", "shop-search",   "shop-accounts"};

static const char *const routes[] = {
    "/api/v1/orders",
    "/api/v1/orders/{order_id}",
    "/api/v1/orders/{order_id}/items",
    "/api/v1/orders/{order_id}/cancel",
    "/api/v2/carts/{uuid}",
    "/api/v2/carts/{uuid}/items/{item_id}",
    "/api/v2/carts/{uuid}/checkout",
    "/api/v1/products/search",
    "/api/v1/products/{product_id}",
    "/api/v1/products/{product_id}/reviews",
    "/api/v1/customers/{customer_id}",
    "/api/v1/customers/{customer_id}/addresses",
    "/api/v2/payments/{uuid}",
    "/api/v2/payments/{uuid}/refund",
    "/api/v2/sessions",
    "/api/v2/sessions/{uuid}",
    "/api/v1/stock/{product_id}/reserve",
    "/api/v1/vouchers/{voucher_id}",
    "/api/v2/invoices/{uuid}/pdf",
    "/api/v1/recommendations/{customer_id}",
    "/healthz",
    "/graphql",
    "/static/{uuid}/bundle.js",
    "/api/v2/events",
};

static const char *const user_agents[] = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/143.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/19.1 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/19.2 Mobile/15E148 Safari/604.1",
    "ShopApp/8.14.2 (Android 16; Pixel 9)",
    "ShopApp/8.13.0 (iOS 19.1; iPhone17,2)",
    "okhttp/5.1.0",
    "kube-probe/1.34",
};

static const char *const words[] = {"cart",   "tenant", "plan",   "region", "batch",  "cache",
                                    "shard",  "flag",   "retry",  "quota",  "bucket", "policy",
                                    "tariff", "device", "client", "ledger"};

static const char *const facets[] = {"id",    "name", "size", "state",
                                     "level", "kind", "age",  "owner"};

static const char *const states[] = {"active", "pending", "expired", "enabled",
                                     "warm",   "default", "premium", "standard"};

uint64_t telemetry__random(struct telemetry *telemetry)
{
    uint64_t z = telemetry->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint64_t telemetry__below(struct telemetry *telemetry, uint64_t bound)
{
    return (telemetry__random(telemetry) >> 11) % bound;
}

bool telemetry__chance(struct telemetry *telemetry, unsigned percent)
{
    return telemetry__below(telemetry, 100) < percent;
}

uint64_t telemetry__spread(struct telemetry *telemetry, unsigned low_bits, unsigned high_bits)
{
    unsigned bits = low_bits + (unsigned)telemetry__below(telemetry, high_bits - low_bits);
    return (1ull << bits) + telemetry__below(telemetry, 1ull << bits);
}

void draft_clear(struct draft *draft)
{
    draft->count = 0;
    draft->text_len = 0;
}

const char *draft_text(struct draft *draft, const char *format, ...)
{
    size_t room = sizeof draft->text - draft->text_len;
    char *text = draft->text + draft->text_len;
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, room, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= room) {
        return "";
    }
    draft->text_len += (size_t)len + 1;
    return text;
}

static void draft_add(struct draft *draft, struct otlp_attribute attribute)
{
    if (draft->count < COUNT_OF(draft->items)) {
        draft->items[draft->count++] = attribute;
    }
}

void draft_string(struct draft *draft, const char *key, const char *text)
{
    draft_add(draft, otlp_attribute_string(key, text));
}

void draft_int(struct draft *draft, const char *key, int64_t integer)
{
    draft_add(draft, otlp_attribute_int(key, integer));
}

void draft_bool(struct draft *draft, const char *key, bool boolean)
{
    draft_add(draft, otlp_attribute_bool(key, boolean));
}

/* Application attributes: the i-th key is always the same, so that none occurs twice. */
static void add_application_attribute(struct telemetry *telemetry, struct draft *draft, size_t i)
{
    const char *word = words[i % COUNT_OF(words)];
    const char *facet = facets[i / COUNT_OF(words) % COUNT_OF(facets)];
    const char *key = draft_text(draft, "app.%s.%s", word, facet);
    switch (telemetry__below(telemetry, 10)) {
    case 0:
    case 1:
        draft_int(draft, key, (int64_t)telemetry__spread(telemetry, 2, 20));
        break;
    case 2:
        draft_bool(draft, key, telemetry__chance(telemetry, 70));
        break;
    case 3:
        draft_add(draft, otlp_attribute_double(key, (double)telemetry__below(telemetry, 1000000) /
                                                        1024.0));
        break;
    case 4:
    case 5:
        draft_string(
            draft, key,
            draft_text(draft, "%s-%06x", word, (unsigned)telemetry__below(telemetry, 1u << 24)));
        break;
    default:
        draft_string(draft, key, PICK(telemetry, states));
        break;
    }
}

bool telemetry__attributes_are_valid(int attributes)
{
    return attributes >= TELEMETRY_NATURAL && attributes <= TELEMETRY_ATTRIBUTES_MAX;
}

void telemetry__fit(struct telemetry *telemetry, struct draft *draft, int attributes)
{
    if (attributes == TELEMETRY_NATURAL) {
        return;
    }
    size_t wanted = (size_t)attributes;
    for (size_t i = 0; draft->count < wanted; i++) {
        add_application_attribute(telemetry, draft, i);
    }
    draft->count = wanted;
}

const char *telemetry__uuid(struct telemetry *telemetry, struct draft *draft)
{
    uint64_t high = telemetry__random(telemetry);
    uint64_t low = telemetry__random(telemetry);
    return draft_text(draft, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(high >> 32),
                      (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xfff),
                      (unsigned)(low >> 48 & 0x3fff) | 0x8000u,
                      (unsigned long long)(low & 0xffffffffffffu));
}

const char *telemetry__route(const struct telemetry *telemetry, size_t route)
{
    return routes[(telemetry->service * 4 + route % TELEMETRY_ROUTES) % COUNT_OF(routes)];
}

/* A place holder becomes a UUID or a number of up to 24 bits. */
const char *telemetry__path(struct telemetry *telemetry, struct draft *draft, const char *route)
{
    const char *path = "";
    while (*route != '\0') {
        size_t plain = strcspn(route, "{");
        const char *end = strchr(route + plain, '}');
        if (end == NULL) {
            return draft_text(draft, "%s%s", path, route);
        }
        const char *id = strncmp(route + plain, "{uuid}", 6) == 0
                             ? telemetry__uuid(telemetry, draft)
                             : draft_text(draft, "%llu",
                                          (unsigned long long)telemetry__spread(telemetry, 8, 24));
        path = draft_text(draft, "%s%.*s%s", path, (int)plain, route, id);
        route = end + 1;
    }
    return path;
}

const char *telemetry__host(struct telemetry *telemetry, struct draft *draft)
{
    unsigned subnet = (unsigned)telemetry__below(telemetry, 4);
    unsigned host = 10 + (unsigned)telemetry__below(telemetry, 10);
    return draft_text(draft, "10.42.%u.%u", subnet, host);
}

const char *telemetry__peer(struct telemetry *telemetry)
{
    return PICK(telemetry, services);
}

const char *telemetry__user_agent(struct telemetry *telemetry)
{
    return PICK(telemetry, user_agents);
}

static void describe_instance(struct telemetry *telemetry)
{
    struct draft *draft = &telemetry->resource_draft;
    const char *service = services[telemetry->service];
    unsigned replica = (unsigned)telemetry__below(telemetry, 1u << 20);
    unsigned minor = (unsigned)telemetry__below(telemetry, 40);
    unsigned patch = (unsigned)telemetry__below(telemetry, 10);
    draft_string(draft, "service.name", service);
    draft_string(draft, "service.namespace", "shop");
    draft_string(draft, "service.version", draft_text(draft, "4.%u.%u", minor, patch));
    draft_string(draft, "service.instance.id", telemetry__uuid(telemetry, draft));
    draft_string(draft, "deployment.environment.name", "production");
    draft_string(draft, "host.name",
                 draft_text(draft, "node-%02u", (unsigned)telemetry__below(telemetry, 40)));
    draft_string(draft, "k8s.pod.name", draft_text(draft, "%s-%05x", service, replica));
    draft_string(draft, "cloud.region", "eu-central-1");
    draft_int(draft, "process.pid", (int64_t)telemetry__spread(telemetry, 3, 15));
    draft_string(draft, "telemetry.sdk.language", "c");
    draft_string(draft, "telemetry.sdk.name", "libotlp");
    telemetry->resource.attributes = draft->items;
    telemetry->resource.attribute_count = draft->count;
    telemetry->resource.schema_url = "https://opentelemetry.io/schemas/1.37.0";
    telemetry->scope.name = "shop.instrumentation.http";
    telemetry->scope.version = "2.3.1";
}

struct telemetry *telemetry_new(uint64_t seed)
{
    struct telemetry *telemetry = calloc(1, sizeof *telemetry);
    if (telemetry == NULL) {
        return NULL;
    }
    telemetry->state = seed;
    otlp_id_generator_seed(&telemetry->ids, telemetry__random(telemetry));
    telemetry->service = (size_t)telemetry__below(telemetry, COUNT_OF(services));
    telemetry->now_unix_ns = FIRST_UNIX_NS + telemetry__below(telemetry, 1000000000);
    describe_instance(telemetry);
    return telemetry;
}

void telemetry__release_metrics(struct telemetry *telemetry)
{
    struct chunk *chunk = telemetry->metric_memory;
    while (chunk != NULL) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    telemetry->metric_memory = NULL;
}

void telemetry_free(struct telemetry *telemetry)
{
    if (telemetry != NULL) {
        telemetry__release_metrics(telemetry);
        free(telemetry);
    }
}

const struct otlp_resource *telemetry_resource(const struct telemetry *telemetry)
{
    return &telemetry->resource;
}

const struct otlp_scope *telemetry_scope(const struct telemetry *telemetry)
{
    return &telemetry->scope;
}

/* Parts and their options. A part (a layer, an activation, ...) is one file with a table of options, a
 * struct that holds their values, and one exported vtable that begins with an nn_part_type; a room is
 * the table of parts of one kind. Everything that reads or writes options works from these tables:
 * specs, JSON in files, help, tests. */
#ifndef NN_CORE_PART_H
#define NN_CORE_PART_H

#include "names.h"
#include "nn.h"
#include "shape.h"
#include "spec.h"
#include "text.h"
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct nn_room nn_room;
typedef struct nn_part_type nn_part_type;
typedef struct nn_custom_part nn_custom_part;   /* see custom_part.h */
typedef struct nn_custom_parts nn_custom_parts; /* a model's own */

/* An instance: options only, fixed after creation. type NULL: none. */
typedef struct nn_part {
    const nn_part_type *type;
    const nn_room *room;
    void *self; /* type->size bytes: the part's struct */
} nn_part;

typedef struct nn_seed {
    bool given;
    uint64_t value;
} nn_seed;

typedef struct nn_optional_real {
    bool given;
    double value; /* 0 if it isn't given */
} nn_optional_real;

typedef struct nn_optional_size {
    bool given;
    size_t value; /* 0 if it isn't given */
} nn_optional_size;

typedef struct nn_optional_integer {
    bool given;
    int value; /* 0 if it isn't given */
} nn_optional_integer;

/* A short list of whole numbers, such as dimensions or axes; count 0: none. */
typedef struct nn_integers {
    size_t count;
    int values[NN_MAX_RANK];
} nn_integers;

/* A list of numbers; count 0: none, and values is NULL. */
typedef struct nn_reals {
    size_t count;
    double *values; /* owned */
} nn_reals;

typedef struct nn_real_or_part {
    double value; /* if part.type is NULL */
    nn_part part; /* owned */
} nn_real_or_part;

typedef enum nn_option_type {
    NN_TYPE_SIZE,          /* size_t */
    NN_TYPE_INTEGER,       /* int; also taken from a tuple of one, as Keras writes an axis */
    NN_TYPE_INTEGERS,      /* nn_integers: a tuple of such numbers, or one; or none, the default */
    NN_TYPE_OPTIONAL_SIZE, /* nn_optional_size: such a number or none, which is the default */
    NN_TYPE_OPTIONAL_INTEGER, /* nn_optional_integer: so, for such as INTEGER */
    NN_TYPE_REAL,             /* double; finite, and so it is as a float */
    NN_TYPE_OPTIONAL_REAL,    /* nn_optional_real: such a number or none */
    NN_TYPE_REALS, /* nn_reals: a tuple of such numbers, or one; or none, the default; owned */
    NN_TYPE_REAL_OR_PART, /* nn_real_or_part: such a number, which is the default, or a part of the room */
    NN_TYPE_BOOL,         /* bool */
    NN_TYPE_SHAPE,        /* nn_shape, rank 0 for none */
    NN_TYPE_NAMES,        /* nn_name_list, count 0 for none; owned */
    NN_TYPE_STRING, /* char *, NULL for none; owned */
    NN_TYPE_CHOICE, /* const char *: one of choices; NULL for none, if that is the default */
    NN_TYPE_SEED,   /* nn_seed: an unsigned integer or none */
    NN_TYPE_PART /* nn_part of the room; owned. none stands for the default, and is itself a value
                       where that is NULL */
} nn_option_type;

typedef struct nn_option {
    const char *name; /* NULL ends a table */
    nn_option_type type;
    size_t offset;
    bool required;
    bool open_minimum, open_maximum; /* the bound itself is out of bounds */
    bool list;                       /* REALS: written as a list if there is only one, too */
    bool default_given;              /* OPTIONAL_REAL: the default is default_number, not none */
    double default_number;           /* SIZE, INTEGER, REAL, OPTIONAL_REAL, REAL_OR_PART, BOOL */
    double minimum, maximum;         /* of every number; INFINITY: no bound */
    const char *default_text;        /* STRING, CHOICE, PART (a spec), SHAPE; NULL: none */
    const char *const *choices;      /* CHOICE: names, ended by NULL */
    const nn_room *room;             /* PART, REAL_OR_PART */
    const char *instead; /* REAL, OPTIONAL_REAL: what to do where Keras takes a list; NULL */
    const char *help;    /* one line */
} nn_option;

#define NN_OPTION_SIZE(s, field, value, low, high, text)                                           \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_SIZE, .offset = offsetof(s, field),                        \
        .default_number = (value), .minimum = (low), .maximum = (high), .help = (text)             \
    }
#define NN_OPTION_SIZE_REQUIRED(s, field, low, high, text)                                         \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_SIZE, .offset = offsetof(s, field), .required = true,      \
        .minimum = (low), .maximum = (high), .help = (text)                                        \
    }
#define NN_OPTION_INTEGER(s, field, value, low, high, text)                                        \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_INTEGER, .offset = offsetof(s, field),                     \
        .default_number = (value), .minimum = (low), .maximum = (high), .help = (text)             \
    }
#define NN_OPTION_INTEGERS(s, field, text)                                                         \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_INTEGERS, .offset = offsetof(s, field), .help = (text)     \
    }
#define NN_OPTION_INTEGERS_REQUIRED(s, field, text)                                                \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_INTEGERS, .offset = offsetof(s, field), .required = true,  \
        .help = (text)                                                                             \
    }
#define NN_OPTION_REALS(s, field, text)                                                            \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_REALS, .offset = offsetof(s, field), .minimum = -INFINITY, \
        .maximum = INFINITY, .help = (text)                                                        \
    }
#define NN_OPTION_INTEGER_REQUIRED(s, field, low, high, text)                                      \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_INTEGER, .offset = offsetof(s, field), .required = true,   \
        .minimum = (low), .maximum = (high), .help = (text)                                        \
    }
#define NN_OPTION_OPTIONAL_SIZE(s, field, low, high, text)                                         \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_OPTIONAL_SIZE, .offset = offsetof(s, field),               \
        .minimum = (low), .maximum = (high), .help = (text)                                        \
    }
#define NN_OPTION_OPTIONAL_INTEGER(s, field, low, high, text)                                      \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_OPTIONAL_INTEGER, .offset = offsetof(s, field),            \
        .minimum = (low), .maximum = (high), .help = (text)                                        \
    }
#define NN_OPTION_REAL(s, field, value, low, high, text)                                           \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_REAL, .offset = offsetof(s, field),                        \
        .default_number = (value), .minimum = (low), .maximum = (high), .help = (text)             \
    }
#define NN_OPTION_REAL_REQUIRED(s, field, low, high, text)                                         \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_REAL, .offset = offsetof(s, field), .required = true,      \
        .minimum = (low), .maximum = (high), .help = (text)                                        \
    }
/* ABOVE, BELOW: a bound that is out of bounds itself. */
#define NN_OPTION_REAL_ABOVE_REQUIRED(s, field, low, text)                                         \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_REAL, .offset = offsetof(s, field), .required = true,      \
        .minimum = (low), .maximum = INFINITY, .open_minimum = true, .help = (text)                \
    }
#define NN_OPTION_REAL_ABOVE(s, field, value, low, text)                                           \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_REAL, .offset = offsetof(s, field),                        \
        .default_number = (value), .minimum = (low), .maximum = INFINITY, .open_minimum = true,    \
        .help = (text)                                                                             \
    }
#define NN_OPTION_OPTIONAL_REAL(s, field, low, high, text)                                         \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_OPTIONAL_REAL, .offset = offsetof(s, field),               \
        .minimum = (low), .maximum = (high), .help = (text)                                        \
    }
#define NN_OPTION_OPTIONAL_REAL_ABOVE(s, field, low, text)                                         \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_OPTIONAL_REAL, .offset = offsetof(s, field),               \
        .minimum = (low), .maximum = INFINITY, .open_minimum = true, .help = (text)                \
    }
#define NN_OPTION_OPTIONAL_REAL_DEFAULT(s, field, value, low, high, text)                          \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_OPTIONAL_REAL, .offset = offsetof(s, field),               \
        .default_given = true, .default_number = (value), .minimum = (low), .maximum = (high),     \
        .help = (text)                                                                             \
    }
#define NN_OPTION_REALS_REQUIRED(s, field, low, high, text)                                        \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_REALS, .offset = offsetof(s, field), .required = true,     \
        .minimum = (low), .maximum = (high), .help = (text)                                        \
    }
#define NN_OPTION_REAL_OR_PART(s, field, parts, value, low, high, text)                            \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_REAL_OR_PART, .offset = offsetof(s, field),                \
        .room = (parts), .default_number = (value), .minimum = (low), .maximum = (high),           \
        .help = (text)                                                                             \
    }
#define NN_OPTION_REAL_BELOW(s, field, value, low, high, text)                                     \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_REAL, .offset = offsetof(s, field),                        \
        .default_number = (value), .minimum = (low), .maximum = (high), .open_maximum = true,      \
        .help = (text)                                                                             \
    }
#define NN_OPTION_BOOL(s, field, value, text)                                                      \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_BOOL, .offset = offsetof(s, field),                        \
        .default_number = (value), .help = (text)                                                  \
    }
#define NN_OPTION_SHAPE(s, field, text)                                                            \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_SHAPE, .offset = offsetof(s, field), .help = (text)        \
    }
#define NN_OPTION_NAMES(s, field, text)                                                            \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_NAMES, .offset = offsetof(s, field), .help = (text)        \
    }
#define NN_OPTION_SHAPE_REQUIRED(s, field, text)                                                   \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_SHAPE, .offset = offsetof(s, field), .required = true,     \
        .help = (text)                                                                             \
    }
#define NN_OPTION_STRING(s, field, value, text)                                                    \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_STRING, .offset = offsetof(s, field),                      \
        .default_text = (value), .help = (text)                                                    \
    }
#define NN_OPTION_STRING_REQUIRED(s, field, text)                                                  \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_STRING, .offset = offsetof(s, field), .required = true,    \
        .help = (text)                                                                             \
    }
#define NN_OPTION_CHOICE(s, field, names, value, text)                                             \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_CHOICE, .offset = offsetof(s, field), .choices = (names),  \
        .default_text = (value), .help = (text)                                                    \
    }
#define NN_OPTION_SEED(s, field, text)                                                             \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_SEED, .offset = offsetof(s, field), .help = (text)         \
    }
#define NN_OPTION_PART(s, field, parts, value, text)                                               \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_PART, .offset = offsetof(s, field), .room = (parts),       \
        .default_text = (value), .help = (text)                                                    \
    }
#define NN_OPTION_PART_REQUIRED(s, field, parts, text)                                             \
    {                                                                                              \
        .name = #field, .type = NN_TYPE_PART, .offset = offsetof(s, field), .required = true,      \
        .room = (parts), .help = (text)                                                            \
    }
#define NN_OPTION_END                                                                              \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* What every vtable begins with. */
struct nn_part_type {
    const char *name;         /* Keras's snake_case name */
    const char *alias;        /* Keras's other name ("mse"), or NULL */
    const char *class_name;   /* Keras's class ("LeakyReLU"); NULL: the name in CamelCase */
    bool class_only;          /* Keras has that class and no function: files name it by the class */
    const nn_option *options; /* ended by NN_OPTION_END; NULL: none of its own */
    size_t size;              /* of the options struct, 0 if there is none */
    const char *help;         /* one line; for a formula, its source */
    const char *sample;       /* a spec that the tests build it from */
    /* What no single option can tell (minval above maxval); NULL: nothing to check. */
    nn_status (*check)(const void *self);
    /* A caller's own part: the options struct is a pointer to it, and there are no options. Else NULL. */
    const nn_custom_part *custom;
};

struct nn_room {
    const char *kind;   /* "activation" */
    const char *module; /* "keras.activations" */
    const nn_part_type *const *parts;
    size_t count;
    const nn_option *common; /* options that all parts of the room have, at the start of their
                                structs; NULL: none. A part's own option of the same name takes the
                                place of a common one: its default is another */
    /* Options that parts of the room have where they are used, and whoever makes them there takes out of their
     * specs: for the help. NULL: none. */
    const nn_option *outer;
    size_t common_size; /* bytes that hold them: a part's struct has room for no less */
    /* What no single common option can tell; NULL: nothing to check. */
    nn_status (*check)(const void *self);
};

/* Builds a room's table from a list of names: NN_ROOM_TABLE(activation, ROWS). ROWS(ROW, kind) holds
 * one ROW(kind, name) a part, whose vtable is `const nn_<kind> nn_<kind>_<name>`. */
#define NN_ROOM_DECLARE(kind, part_name) extern const nn_##kind nn_##kind##_##part_name;
#define NN_ROOM_ROW(kind, part_name) &nn_##kind##_##part_name.part,

/* The part of that name, by any that Keras has for it: its own, its alias ("mse", "MSE") or its class
 * ("LeakyReLU"). NULL if there is none. */
const nn_part_type *nn_room_find(const nn_room *room, const char *name);
/* NN_ERR_INVALID with "unknown activation 'rleu'; did you mean 'relu'? known: ...". */
nn_status nn_room_unknown(const nn_room *room, const nn_custom_parts *custom, const char *name);

/* Keras's class name of a part, in buffer where it is derived. */
const char *nn_part_class_name(const nn_part_type *type, char *buffer, size_t size);

/* Makes a part from a spec. Errors name the part, the option and what was expected; on failure
 * part->type is NULL. */
nn_status nn_part_create(nn_part *part, const nn_room *room, const nn_spec *spec);
nn_status nn_part_parse(nn_part *part, const nn_room *room, const char *text);
nn_status nn_part_clone(nn_part *copy, const nn_part *part);

/* The same where a model's own parts are known, too (NULL: none). They must outlive what is made. */
nn_status nn_part_create_with(nn_part *part, const nn_room *room, const nn_custom_parts *custom,
                              const nn_spec *spec);
nn_status nn_part_parse_with(nn_part *part, const nn_room *room, const nn_custom_parts *custom,
                             const char *text);
nn_status nn_part_clone_with(nn_part *copy, const nn_custom_parts *custom, const nn_part *part);
void nn_part_free(nn_part *part);

/* Calls visit for each option of a part (common ones first) with the address of its value. */
typedef nn_status (*nn_option_visitor)(void *user, const nn_option *option, const void *value);
nn_status nn_part_visit(const nn_part *part, nn_option_visitor visit, void *user);

/* The option of that name in a table, which may be NULL; NULL if there is none. */
const nn_option *nn_option_find(const nn_option *table, const char *name);

/* True if the option's value is its default. */
bool nn_option_is_default(const nn_option *option, const void *value);

/* Reads an option's value from a spec, checked against type and bounds. Errors: NN_ERR_INVALID with the
 * option's name, NN_ERR_NO_MEMORY; then what was there before still is. */
nn_status nn_option_take(const nn_option *option, const nn_custom_parts *custom,
                         const nn_value *value, void *to);

/* Appends the bounds of a number, with a blank before: " in [0, 1]", " >= 0"; nothing if there are
 * none. */
void nn_option_write_bounds(const nn_option *option, nn_text *text);

/* Appends the spec that makes this part again (options that aren't defaults). nested: in the form
 * name(key=value), as an option's value is written; else name key=value. */
void nn_part_write(const nn_part *part, bool nested, nn_text *text);

/* Appends help: the part's line and its options with type, default, bounds, meaning. */
void nn_part_help(const nn_room *room, const nn_part_type *type, nn_text *text);

#endif

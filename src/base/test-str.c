/* Strings, lists of strings, lexical paths. */
#include "base/str.h"

#include "tap.h"

static void test_predicates(void)
{
	check(str_is("a", "a") && !str_is("a", "b"));
	check(str_starts("abc", "ab") && str_starts("abc", "") && !str_starts("ab", "abc"));
	check(str_ends("abc", "bc") && str_ends("abc", "") && !str_ends("bc", "abc"));
	check(!str_ends("abc", "b"));
	check_text(str_after("name=value", "name="), "value");
	check_text(str_after("name", "name"), "");
	check(str_after("name", "other") == NULL);
}

static void test_push(void)
{
	auto_arena arena = {0};
	struct strv list = {0};
	char name[16] = "one";
	bool all_right = true;

	strv_push(&list, &arena, name);
	name[0] = 'O';
	check_text(list.items[0], "one");
	check(list.items[1] == NULL);
	for (int i = 1; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		strv_push(&list, &arena, name);
		all_right &= list.count == (size_t)i + 1 && !list.items[list.count];
	}
	check(all_right);
	check_text(list.items[999], "999");
	check(strv_has(&list, "500") && !strv_has(&list, "1000"));
}

/* Lists filled by hand have no spare room, copies of a list share theirs. */
static void test_push_shared(void)
{
	auto_arena arena = {0};
	struct strv by_hand = {.items = arena_new_array(&arena, 2, char *), .count = 1};
	struct strv copy;

	by_hand.items[0] = arena_strdup(&arena, "a");
	copy = by_hand;
	strv_push(&by_hand, &arena, "b");
	check_text(by_hand.items[1], "b");
	check(copy.items[1] == NULL && copy.count == 1);

	copy = by_hand;
	strv_push(&by_hand, &arena, "c");
	strv_push(&copy, &arena, "d");
	check_text(by_hand.items[2], "c");
	check_text(copy.items[2], "d");
	check(by_hand.items[3] == NULL && copy.items[3] == NULL);
}

static void split_check(const char *text, const char *separators, bool skip_empty,
			const char *expected)
{
	auto_arena arena = {0};
	struct strv list = str_split(&arena, text, separators, skip_empty);

	check_text(strv_join(&arena, &list, "|"), expected);
	check(list.items && list.items[list.count] == NULL);
}

static void test_split(void)
{
	split_check("a,b,c", ",", false, "a|b|c");
	split_check("a,,c,", ",", false, "a||c|");
	split_check("a,,c,", ",", true, "a|c");
	split_check("", ",", false, "");
	split_check("", ",", true, "");
	split_check("a b\tc", " \t", false, "a|b|c");
	split_check("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19", ",", false,
		    "1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19");
}

static void test_paths(void)
{
	static const char *const clean[][2] = {
		{"/", "/"},
		{"", "/"},
		{".", "/"},
		{"..", "/"},
		{"a", "/a"},
		{"/a/b", "/a/b"},
		{"//a///b//", "/a/b"},
		{"/a/./b/.", "/a/b"},
		{"/a/../b", "/b"},
		{"/a/b/..", "/a"},
		{"/a/..", "/"},
		{"/../../etc", "/etc"},
		{"a/../../b", "/b"},
		{"/..a/.b/c..", "/..a/.b/c.."},
		{"/a/b/../../../c/d/..", "/c"},
		{"/...", "/..."},
	};
	static const char *const joined[][3] = {
		{"/a", "b", "/a/b"},   {"/a/", "/b", "/a/b"},	  {"/", "b", "/b"}, {"/", "/", "/"},
		{"a", "b/c", "a/b/c"}, {"/a//", "//b/", "/a/b/"}, {"", "b", "/b"},
	};
	auto_arena arena = {0};

	for (size_t i = 0; i < sizeof(clean) / sizeof(clean[0]); i++)
		check_text(path_clean(&arena, clean[i][0]), clean[i][1]);
	for (size_t i = 0; i < sizeof(joined) / sizeof(joined[0]); i++)
		check_text(path_join(&arena, joined[i][0], joined[i][1]), joined[i][2]);
}

int main(void)
{
	test_predicates();
	test_push();
	test_push_shared();
	test_split();
	test_paths();
	return tap_done();
}

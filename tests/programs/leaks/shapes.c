/* shapes.c: structures that are lost as a whole or in part: chains, rings,
 * trees, and what they hold. */
#include "case.h"

struct Node { /* 40 bytes */
  struct Node* next;
  struct Node* previous;
  struct Node* other;
  long payload[2];
};

struct Node* held; /* not static: the compiler would do without it */

static struct Node* node(struct Node* next) {
  struct Node* made = block_of(sizeof *made);
  made->next = next;
  return made;
}

static struct Node* list_of(int nodes) {
  struct Node* list = NULL;
  while (nodes-- > 0) list = node(list);
  return list;
}

static struct Node* ring_of(int nodes) {
  struct Node* last = node(NULL);
  struct Node* ring = last;
  while (--nodes > 0) ring = node(ring);
  last->next = ring;
  return ring;
}

static struct Node* double_list_of(int nodes) {
  struct Node* list = list_of(nodes);
  for (struct Node* at = list; at->next != NULL; at = at->next) {
    at->next->previous = at;
  }
  return list;
}

/* next and other are the children. */
static struct Node* tree_of(int depth) {
  if (depth == 0) return NULL;
  struct Node* root = node(tree_of(depth - 1));
  root->other = tree_of(depth - 1);
  return root;
}

static void link_parents(struct Node* root) {
  struct Node* const children[] = {root->next, root->other};
  for (int i = 0; i < 2; ++i) {
    if (children[i] == NULL) continue;
    children[i]->previous = root;
    link_parents(children[i]);
  }
}

CASE(lost_block, "direct 1 40") { lose(node(NULL)); }

CASE(freed_block, "nothing") {
  struct Node* block = node(NULL);
  lose(block);
  free(block);
}

CASE(held_list_of_ten, "reachable 10 400 by global") { held = list_of(10); }

CASE(lost_list_of_ten, "direct 1 40, indirect 9 360") { lose(list_of(10)); }

CASE(twenty_lost_lists, "direct 20 800, indirect 180 7200") {
  for (int i = 0; i < 20; ++i) lose(list_of(10));
}

CASE(lost_list_of_100000, "direct 1 40, indirect 99999 3999960") {
  lose(list_of(100000));
}

CASE(list_lost_from_its_middle_on,
     "reachable 5 200 by global, direct 1 40, indirect 4 160") {
  held = list_of(10);
  held->next->next->next->next->next = NULL;
}

CASE(block_that_points_at_itself, "direct 1 40") {
  struct Node* alone = node(NULL);
  alone->next = alone;
  lose(alone);
}

CASE(block_that_points_into_itself, "direct 1 40") {
  struct Node* alone = node(NULL);
  alone->next = (struct Node*)alone->payload;
  lose(alone);
}

CASE(lost_ring_of_two, "direct 2 80") { lose(ring_of(2)); }

CASE(lost_ring_of_1000, "direct 1000 40000") { lose(ring_of(1000)); }

CASE(held_ring, "reachable 5 200 by global") { held = ring_of(5); }

CASE(lost_ring_with_a_tail, "direct 2 80, indirect 3 120") {
  struct Node* ring = ring_of(2);
  ring->other = list_of(3);
  lose(ring);
}

CASE(ring_held_by_a_lost_block, "direct 1 40, indirect 3 120") {
  lose(node(ring_of(3)));
}

CASE(lost_ring_that_holds_another, "direct 2 80, indirect 4 160") {
  struct Node* ring = ring_of(2);
  ring->other = ring_of(4);
  lose(ring);
}

CASE(lost_double_list_of_ten, "direct 10 400") { lose(double_list_of(10)); }

CASE(held_double_list_of_ten, "reachable 10 400 by global") {
  held = double_list_of(10);
}

CASE(lost_tree, "direct 1 40, indirect 6 240") { lose(tree_of(3)); }

CASE(lost_tree_with_parent_links, "direct 7 280") {
  struct Node* tree = tree_of(3);
  link_parents(tree);
  lose(tree);
}

/* A leaf keeps the whole tree. */
CASE(tree_held_by_a_leafs_parent_link, "reachable 7 280 by global") {
  struct Node* tree = tree_of(3);
  link_parents(tree);
  held = tree->other->other;
}

CASE(lost_diamond, "direct 1 40, indirect 3 120") {
  struct Node* bottom = node(NULL);
  struct Node* top = node(node(bottom));
  top->other = node(bottom);
  lose(top);
}

CASE(two_lost_lists_with_one_tail, "direct 2 80, indirect 1 40") {
  struct Node* tail = node(NULL);
  lose(node(tail));
  lose(node(tail));
}

CASE(lost_block_that_points_at_a_held_one,
     "direct 1 40, reachable 1 40 by global") {
  held = node(NULL);
  lose(node(held));
}

CASE(lost_array_of_pointers, "direct 1 80, indirect 10 400") {
  struct Node** array = block_of(10 * sizeof *array);
  for (int i = 0; i < 10; ++i) array[i] = node(NULL);
  lose(array);
}

CASE(lost_hash_table, "direct 1 64, indirect 20 800") {
  struct Node** buckets = block_of(8 * sizeof *buckets);
  for (int i = 0; i < 20; ++i) buckets[i % 8] = node(buckets[i % 8]);
  lose(buckets);
}

/* Linked from member to member, as the kernel's lists are. */
struct Link {
  struct Link* next;
};
struct Item { /* 40 bytes */
  long payload[2];
  struct Link link;
  long more[2];
};

struct Link* held_link;

static struct Link* list_by_links(int items) {
  struct Link* list = NULL;
  while (items-- > 0) {
    struct Item* item = block_of(sizeof *item);
    item->link.next = list;
    list = &item->link;
  }
  return list;
}

CASE(held_list_linked_by_members, "possible 3 120") {
  held_link = list_by_links(3);
}

CASE(lost_list_linked_by_members, "direct 1 40, indirect 2 80") {
  lose(list_by_links(3));
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Takes itself off the list of modules, and does nothing else: no hook, no thread, no file. For the test
 * that a module which is not listed is found. It cannot be unloaded; the guest is switched off.
 */
#include <linux/init.h>
#include <linux/list.h>
#include <linux/module.h>

static int __init absent_init(void)
{
	list_del_init(&THIS_MODULE->list);
	return 0;
}

module_init(absent_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Absent from the list of modules");

/**
 * What Status answers. Clients read it as the version of etcd whose API they may expect, so it begins with
 * that: the newest etcd whose calls, errors and etcdctl this server is tested against. What
 * follows the hyphen says that it is not etcd.
 */
export const API_VERSION = "3.4.0-gauntlet";

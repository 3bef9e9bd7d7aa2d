/**
 * Proxies that can be named in `trustedProxies`.
 *
 * - `loopback`: a proxy on the same machine: 127.0.0.0/8 and ::1.
 * - `private`: proxies in a private network that holds nothing but them and us: RFC 1918, fc00::/7 and link-local addresses.
 * - `cloudflare`: the published ranges of Cloudflare, as of February 2026. Anybody's Workers send from these, too: let only your zone
 *   through, by Authenticated Origin Pulls or a tunnel.
 * - `google-load-balancer`: where Google's front ends connect from, for global and classic Application Load Balancers. They add two
 *   addresses to `X-Forwarded-For`, the client's and the balancer's own: list that one beside the preset, or it is taken for the client.
 */
export type ProxyPreset = 'loopback' | 'private' | 'cloudflare' | 'google-load-balancer'

/** The blocks of each preset. Only what is fixed and published: an ALB of AWS, an ingress or nginx stands in a network of yours. */
export const PROXY_PRESETS: Readonly<Record<ProxyPreset, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1'],
  // RFC 1918, RFC 4193, RFC 3927 and RFC 4291 section 2.5.6
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', '169.254.0.0/16', 'fe80::/10'],
  // https://www.cloudflare.com/ips-v4 and https://www.cloudflare.com/ips-v6
  cloudflare: [
    '173.245.48.0/20',
    '103.21.244.0/22',
    '103.22.200.0/22',
    '103.31.4.0/22',
    '141.101.64.0/18',
    '108.162.192.0/18',
    '190.93.240.0/20',
    '188.114.96.0/20',
    '197.234.240.0/22',
    '198.41.128.0/17',
    '162.158.0.0/15',
    '104.16.0.0/13',
    '104.24.0.0/14',
    '172.64.0.0/13',
    '131.0.72.0/22',
    '2400:cb00::/32',
    '2606:4700::/32',
    '2803:f800::/32',
    '2405:b500::/32',
    '2405:8100::/32',
    '2a06:98c0::/29',
    '2c0f:f248::/32',
  ],
  // https://cloud.google.com/load-balancing/docs/firewall-rules
  'google-load-balancer': ['35.191.0.0/16', '130.211.0.0/22', '2600:2d00:1:b029::/64', '2600:2d00:1:1::/64'],
}

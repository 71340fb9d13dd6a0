using System.Net;
using System.Net.Sockets;

namespace CvOps.Fleet.Alerts.Channels;

/// <summary>
/// Where a webhook may go: to machines of the open internet, and to networks that the operator named at the start. Whoever may set an address must not be able to make the
/// fleet knock at doors that only the fleet can reach. Pure; asked of the very address that is connected to, so that a name that changes its mind gains nothing.
/// </summary>
/// <param name="allowed">The operator's.</param>
internal sealed class AddressRule(IReadOnlyList<IPNetwork> allowed)
{
    /// <summary>IANA's special-purpose registries for IPv4 and IPv6, and multicast: whatever is not globally reachable.</summary>
    private static readonly (string Word, IPNetwork[] Networks)[] Refused =
    [
        ("this machine", Of("127.0.0.0/8", "::1/128", "0.0.0.0/8", "::/128")),
        ("a private network", Of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fec0::/10")),
        ("a link-local address, where clouds keep their metadata", Of("169.254.0.0/16", "fe80::/10")),
        ("a multicast or broadcast address", Of("224.0.0.0/4", "255.255.255.255/32", "ff00::/8")),
        ("an address reserved for other uses", Of("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "100::/64", "2001:db8::/32", "2001::/23", "5f00::/16", "3fff::/20")),
    ];

    /// <summary>IPv6 addresses that stand for an IPv4 one, with where in them that is: NAT64, 6to4.</summary>
    private static readonly (IPNetwork Network, int At)[] Carriers = [(IPNetwork.Parse("64:ff9b::/96"), 12), (IPNetwork.Parse("2002::/16"), 2)];

    /// <summary>Ports above 1023 that browsers refuse to speak HTTP to (WHATWG Fetch, "bad port"), because something else listens there that takes orders line by line.</summary>
    private static readonly int[] BadPorts = [1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080];

    public bool IsAllowed(IPAddress address) => allowed.Any(network => network.Contains(Plain(address)));

    /// <returns>Why a connection there is refused; null when it is not.</returns>
    public string? Refusal(IPAddress address)
    {
        var plain = Plain(address);
        if (IsAllowed(plain)) return null;
        foreach (var (word, networks) in Refused)
            if (networks.Any(network => network.Contains(plain))) return $"{address} is {word}; the operator allows such with --alert-networks";
        return null;
    }

    /// <returns>Why no webhook can have that address; null when it can. Where its name leads to is asked at each connection.</returns>
    public static string? Refusal(string? text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")) return $"'{text}' is no address of a webhook: write https://hooks.example/path.";
        if (url.UserInfo.Length > 0) return "The address has a name or password in it: requests are signed, leave them out.";
        if (url.Fragment.Length > 0) return "The address has a fragment (#...), which no server gets to see.";
        if (url.Port < 1024 && url.Port is not (80 or 443) || BadPorts.Contains(url.Port)) return $"Port {url.Port} belongs to something that is no web server.";
        return url.AbsoluteUri.Length > 2000 ? "The address has more than 2000 characters." : null;
    }

    private static IPAddress Plain(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        var bytes = address.GetAddressBytes();
        // ::a.b.c.d, long deprecated, is an IPv4 address, too.
        if (bytes.AsSpan(0, 12).IndexOfAnyExcept((byte)0) < 0 && bytes.AsSpan(12, 3).IndexOfAnyExcept((byte)0) >= 0) return new IPAddress(bytes.AsSpan(12, 4));
        foreach (var (network, at) in Carriers)
            if (network.Contains(address)) return new IPAddress(bytes.AsSpan(at, 4));
        return new IPAddress(bytes);
    }

    private static IPNetwork[] Of(params string[] networks) => Array.ConvertAll(networks, network => IPNetwork.Parse(network));
}

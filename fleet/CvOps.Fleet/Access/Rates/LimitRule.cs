using System.Net;
using System.Net.Sockets;
using CvOps.Fleet.Access.Rights;

namespace CvOps.Fleet.Access.Rates;

/// <summary>Which bound a request counts against.</summary>
internal enum LimitKind
{
    /// <summary>None: devices, whose links and enrolment have bounds of their own, and the machine's own programs.</summary>
    None,

    /// <summary>Of an account, with its tokens.</summary>
    Principal,

    /// <summary>Of an address that nobody is known by.</summary>
    Stranger,

    /// <summary>Of an address that tries passwords, codes or links.</summary>
    Entry,
}

/// <summary>Who shares a bound with whom. Pure.</summary>
internal static class LimitRule
{
    /// <summary>Whoever has an IPv6 network of their own has 2^64 addresses in it.</summary>
    private const int NetworkBytes = 8;

    /// <param name="needs">Null where nothing is, or nobody said what it needs.</param>
    /// <returns>And by which key it is counted.</returns>
    public static (LimitKind Kind, string Key) Of(Needs? needs, Principal? principal, IPAddress? address) => (needs, principal) switch
    {
        ({ IsEntry: true }, _) => (LimitKind.Entry, KeyOf(address)),
        ({ Audience: Audience.Devices }, _) or (_, { Kind: PrincipalKind.Local }) => (LimitKind.None, ""),
        (_, { } known) => (LimitKind.Principal, known.Account ?? known.Name),
        _ => (LimitKind.Stranger, KeyOf(address)),
    };

    private static string KeyOf(IPAddress? address)
    {
        if (address is null) return "";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexStringLower(address.GetAddressBytes().AsSpan(0, NetworkBytes)) : address.ToString();
    }
}

using CvOps.Contracts.Api;

namespace CvOps.Fleet.Access.Rights;

/// <summary>Who an address is for.</summary>
internal enum Audience
{
    /// <summary>Whoever has the permission.</summary>
    Principals,

    /// <summary>Everybody: health, the way in, the pages' own files.</summary>
    Open,

    /// <summary>Devices, which prove in their own way who they are: an enrolment token, a signed link.</summary>
    Devices,
}

/// <summary>What an address names, so that it belongs to a site.</summary>
internal enum Names
{
    /// <summary>Nothing of a site: models, plans, runs. A right on any site is enough.</summary>
    NoSite,

    /// <summary>Everything: what it shows or changes is not told apart by site, so the right has to be one on all sites.</summary>
    All,

    /// <summary>Many things, of which the handler gives those of the asker's sites.</summary>
    Filtered,

    Site,
    Device,
    Frame,
    Rollout,
}

/// <summary>What whoever calls an address has to be allowed.</summary>
/// <param name="Any">One of these is enough.</param>
/// <param name="Route">Name of the route's value where it names one thing.</param>
internal sealed record Needs(Audience Audience, Permission Any, Names Names, string Route = "id")
{
    public static readonly Needs Open = new(Audience.Open, Permission.None, Names.NoSite);

    /// <summary>Open, and where passwords, codes and links are tried.</summary>
    public static readonly Needs Entry = Open with { IsEntry = true };

    public static readonly Needs OfDevices = new(Audience.Devices, Permission.None, Names.NoSite);

    public bool IsEntry { get; init; }

    /// <summary>Whoever is signed in, for what is their own.</summary>
    public static readonly Needs Oneself = new(Audience.Principals, Roles.All | Permission.ActFor, Names.NoSite);
}

/// <summary>On a page: what it needs instead of <see cref="Permission.Read"/> on all sites.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PageNeedsAttribute(Permission any, Names names = Names.All, string route = "Id") : Attribute
{
    public Needs Needs { get; } = new(any == Permission.None ? Audience.Open : Audience.Principals, any, names, route);
}

using System.Collections.Frozen;
using CvOps.Contracts.Api;
using CvOps.Fleet.Tracking.Mlflow;
using static CvOps.Contracts.Api.Permission;
using static CvOps.Fleet.Access.Rights.Names;

namespace CvOps.Fleet.Access.Rights;

/// <summary>
/// What each address of the API needs. An address that is not here is refused, and a test names it. Where a right on some sites is not enough is said by
/// <see cref="Names"/>. Pages say it themselves (<see cref="PageNeedsAttribute"/>).
/// </summary>
internal static class AddressTable
{
    private static readonly (string Address, Permission Any, Names Names, string Route)[] Api =
    [
        ("GET /fleet", Read, Filtered, ""),
        ("GET /doctor", Operate | Approve | Administer, All, ""),
        ("GET /audit", Operate | Approve | Administer, All, ""),
        ("GET /audit/verify", Operate | Approve | Administer, All, ""),
        ("GET /audit/pack", Operate | Approve | Administer, All, ""),
        ("GET /audit/export", Operate | Approve | Administer, All, ""),
        ("GET /events", Read, NoSite, ""),
        ("GET /events/pages", Read, NoSite, ""),
        ("GET /who", Roles.All | ActFor, NoSite, ""),
        ("POST /who/password", Roles.All | ActFor, NoSite, ""),
        ("GET /who/factor", Roles.All | ActFor, NoSite, ""),
        ("POST /who/factor", Roles.All | ActFor, NoSite, ""),
        ("GET /who/factor/picture", Roles.All | ActFor, NoSite, ""),
        ("POST /who/factor/confirm", Roles.All | ActFor, NoSite, ""),
        ("POST /who/factor/codes", Roles.All | ActFor, NoSite, ""),
        ("POST /who/factor/remove", Roles.All | ActFor, NoSite, ""),
        ("GET /inspections", Read, All, ""),

        ("GET /devices", Read, Filtered, ""),
        ("GET /devices/{id}", Read, Device, "id"),
        ("GET /devices/{id}/labels", Read, Device, "id"),
        ("PUT /devices/{id}/labels", Operate, Device, "id"),
        ("GET /devices/{id}/cameras/{camera}/live", Read, Device, "id"),
        ("GET /devices/{id}/commands", Read, Device, "id"),
        ("POST /devices/{id}/commands", Operate, Device, "id"),
        ("POST /devices/{id}/program", Operate, Device, "id"),
        ("POST /devices/{id}/revoke", Administer, Device, "id"),
        ("POST /devices/{id}/release", Administer, Device, "id"),
        ("GET /deadletters", Read, All, ""),
        ("POST /deadletters/{row:long}/retry", Operate, All, ""),
        ("POST /deadletters/{row:long}/discard", Operate, All, ""),
        ("GET /alerts", Read, All, ""),
        ("GET /alerts/{id}", Read, All, ""),
        ("POST /alerts/{id}/acknowledge", Operate | Approve, All, ""),
        ("GET /alerts/rules", Read, NoSite, ""),
        ("GET /alerts/rules/{name}", Read, NoSite, ""),
        ("PUT /alerts/rules/{name}", Operate, All, ""),
        ("DELETE /alerts/rules/{name}", Operate, All, ""),
        ("GET /alerts/silences", Read, All, ""),
        ("POST /alerts/silences", Operate, All, ""),
        ("DELETE /alerts/silences/{id}", Operate, All, ""),
        // Where word goes is who learns what happens here.
        ("GET /alerts/channels", Operate | Administer, All, ""),
        ("GET /alerts/channels/{name}", Operate | Administer, All, ""),
        ("PUT /alerts/channels/{name}", Administer, All, ""),
        ("DELETE /alerts/channels/{name}", Administer, All, ""),
        ("POST /alerts/channels/{name}/test", Operate | Administer, All, ""),
        ("GET /enrolment/tokens", Administer, All, ""),
        ("POST /enrolment/tokens", Administer, All, ""),
        ("POST /enrolment/tokens/{id}/revoke", Administer, All, ""),
        ("GET /certificates", Read, All, ""),

        ("GET /accounts", Administer, All, ""),
        ("POST /accounts", Administer, All, ""),
        ("PUT /accounts/{name}", Administer, All, ""),
        ("POST /accounts/{name}/reset", Administer, All, ""),
        ("GET /tokens", Roles.All | ActFor, NoSite, ""),
        ("POST /tokens", Roles.All | ActFor, NoSite, ""),
        ("POST /tokens/{id}/revoke", Roles.All | ActFor, NoSite, ""),

        ("GET /models", Read, NoSite, ""),
        ("POST /models", Operate, NoSite, ""),
        ("GET /models/{digest}", Read, NoSite, ""),
        ("GET /models/{digest}/accuracy", Read, All, ""),
        ("GET /models/{digest}/lineage", Read, NoSite, ""),
        ("GET /models/{digest}/frames", Read, All, ""),
        ("GET /models/history", Read, NoSite, ""),
        ("POST /models/{digest}/revoke", Operate, All, ""),
        ("POST /models/{digest}/gate", Operate, NoSite, ""),
        ("GET /aliases", Read, NoSite, ""),
        ("GET /aliases/{name}/{alias}", Read, NoSite, ""),
        // The second pair of eyes, where the fleet asks for four; the handler knows.
        ("PUT /aliases/{name}/{alias}", Operate | Approve, All, ""),
        ("GET /programs", Read, NoSite, ""),
        ("POST /programs", Operate, NoSite, ""),
        ("GET /configurations", Read, NoSite, ""),
        ("GET /configurations/{digest}", Read, NoSite, ""),
        ("POST /configurations", Operate, NoSite, ""),

        ("GET /groups", Read, All, ""),
        ("GET /groups/{name}", Read, All, ""),
        ("PUT /groups/{name}", Operate, All, ""),
        ("DELETE /groups/{name}", Operate, All, ""),
        ("GET /sites/shifts", Read, NoSite, ""),
        ("GET /sites/{site}/shifts", Read, Site, "site"),
        ("PUT /sites/{site}/shifts", Operate, Site, "site"),

        ("GET /rollouts", Read, Filtered, ""),
        ("POST /rollouts", Operate, All, ""),
        ("POST /rollouts/check", Read, All, ""),
        ("POST /rollouts/simulate", Read, All, ""),
        ("GET /rollouts/{id}", Read, Rollout, "id"),
        ("PUT /rollouts/{id}", Operate, All, ""),
        ("GET /rollouts/{id}/devices", Read, Rollout, "id"),
        ("GET /rollouts/{id}/discordant", Read, Rollout, "id"),
        ("POST /rollouts/{id}/discordant/{frame}", Label, Frame, "frame"),
        ("POST /rollouts/{id}/start", Operate | Approve, Rollout, "id"),
        ("POST /rollouts/{id}/approve", Approve, Rollout, "id"),
        ("POST /rollouts/{id}/resume", Operate, Rollout, "id"),
        ("POST /rollouts/{id}/retry", Operate, Rollout, "id"),
        ("POST /rollouts/{id}/pause", Operate | Approve, Rollout, "id"),
        ("POST /rollouts/{id}/abort", Operate | Approve, Rollout, "id"),
        ("POST /rollouts/{id}/rollback", Operate | Approve, Rollout, "id"),
        ("GET /rollouts/stop-all", Read, NoSite, ""),
        ("POST /rollouts/stop-all", Operate | Approve, All, ""),
        ("POST /rollouts/lift-stop", Operate, All, ""),

        ("GET /drift", Read, Filtered, ""),
        ("GET /drift/slice", Read, All, ""),
        ("GET /drift/{device}/{camera}", Read, Device, "device"),
        ("POST /drift/{device}/{camera}/accept", Operate, Device, "device"),

        ("GET /frames", Read, Filtered, ""),
        ("POST /frames", Label, All, ""),
        ("POST /frames/video", Label, All, ""),
        ("POST /frames/import", Label, All, ""),
        ("POST /frames/synthesize", Operate, All, ""),
        ("GET /frames/{id}", Read, Frame, "id"),
        ("GET /frames/{id}/image", Read, Frame, "id"),
        ("PUT /frames/{id}/label", Label, Frame, "id"),
        ("GET /frames/{id}/labels", Read, Frame, "id"),
        ("GET /frames/{id}/similar", Read, All, ""),
        ("GET /labels/disputes", Read, All, ""),
        ("GET /labels/agreement", Read, All, ""),
        ("GET /labels/policy", Read, NoSite, ""),
        ("PUT /labels/policy", Operate, All, ""),
        ("GET /retention", Read, All, ""),
        ("PUT /retention", Administer, All, ""),
        ("POST /retention/run", Administer, All, ""),
        ("GET /erasures", Operate | Approve | Administer, All, ""),
        ("POST /erasures", Administer, All, ""),
        ("GET /quality", Read, All, ""),
        ("POST /quality/check", Label, All, ""),
        ("GET /quality/findings", Read, All, ""),
        ("PUT /quality/findings/{id}", Label, All, ""),

        ("GET /datasets", Read, NoSite, ""),
        ("POST /datasets", Operate, All, ""),
        ("GET /datasets/{digest}", Read, All, ""),
        ("GET /datasets/{from}/diff/{to}", Read, All, ""),
        ("GET /datasets/{digest}/export/check", Read, All, ""),
        ("GET /datasets/{digest}/export", Read, All, ""),
        ("GET /lineage", Read, All, ""),

        ("GET /training", Read, NoSite, ""),
        ("POST /training", Operate, NoSite, ""),
        ("GET /training/trainers", Read, NoSite, ""),
        ("GET /training/{id}", Read, NoSite, ""),
        ("GET /training/{id}/metrics", Read, NoSite, ""),
        ("GET /training/{id}/log", Read, NoSite, ""),
        ("POST /training/{id}/cancel", Operate, NoSite, ""),
        ("GET /retraining", Read, NoSite, ""),
        ("GET /retraining/policies", Read, NoSite, ""),
        ("GET /retraining/policies/{model}", Read, NoSite, ""),
        ("PUT /retraining/policies/{model}", Operate, All, ""),
        ("DELETE /retraining/policies/{model}", Operate, All, ""),
        ("POST /retraining/policies/{model}/start", Operate, All, ""),
        ("GET /runs", Read, NoSite, ""),
        ("GET /runs/compare", Read, NoSite, ""),
        ("GET /runs/{id}", Read, NoSite, ""),
    ];

    /// <summary>Whoever calls these has no account: devices, and those who are about to sign in.</summary>
    private static readonly (string Address, Needs Needs)[] Others =
    [
        ("GET /healthz", Needs.Open),
        ("GET /readyz", Needs.Open),
        ("GET /openapi/v1.json", Needs.Open),
        ("GET /metrics", new Needs(Audience.Principals, Read, All)),
        ("GET /find", new Needs(Audience.Principals, Read, Filtered)),
        ($"POST {ApiRoutes.Root}/enrolment", Needs.OfDevices),
        // Whom the broker is to refuse: it is public by design, as every revocation list.
        ($"GET {ApiRoutes.Root}/certificates/revoked.pem", Needs.OfDevices),
        // By a signed link; without one the handler asks for a principal.
        ($"GET {ApiRoutes.Root}/models/{{digest}}/package", Needs.OfDevices),
        ($"GET {ApiRoutes.Root}/models/{{digest}}/chunks", Needs.OfDevices),
        ($"GET {ApiRoutes.Root}/programs/{{digest}}/package", Needs.OfDevices),
    ];

    /// <summary>Pages that show less than everything; all others need <see cref="Permission.Read"/> on all sites.</summary>
    private static readonly FrozenDictionary<string, Needs> Pages = new (string Address, Names Names, string Route)[]
    {
        ("/", Filtered, ""), ("/devices", Filtered, ""), ("/rollouts", Filtered, ""), ("/drift", Filtered, ""), ("/frames", Filtered, ""), ("/labels", Filtered, ""),
        ("/devices/{Id}", Device, "Id"), ("/rollouts/{Id}", Rollout, "Id"), ("/drift/{Device}/{Camera}", Device, "Device"), ("/frames/{Id}", Frame, "Id"), ("/labels/{Id}", Frame, "Id"),
        ("/training", NoSite, ""), ("/api", NoSite, ""), ("/tracking", NoSite, ""), ("/tracking/compare", NoSite, ""),
    }.ToFrozenDictionary(row => row.Address, row => new Needs(Audience.Principals, Read, row.Names, row.Route));

    /// <summary>What MLflow has and CvOps has not: they say so, and no more.</summary>
    private static readonly FrozenSet<string> Nowhere = FrozenSet.ToFrozenSet(["/api/2.0/{**path}", "/api/3.0/{**path}", "/ajax-api/{**path}"]);

    /// <summary>Calls of MLflow that read though they are no GET; all others that are none write.</summary>
    private static readonly FrozenSet<string> MlflowReads = FrozenSet.ToFrozenSet(["experiments/search", "runs/search", "registered-models/get-latest-versions"]);

    private static readonly FrozenDictionary<string, Needs> Table = Api
        .Select(row => (Address: row.Address.Replace(" /", $" {ApiRoutes.Root}/", StringComparison.Ordinal), Needs: new Needs(Audience.Principals, row.Any, row.Names, row.Route)))
        .Concat(Others).ToFrozenDictionary(row => row.Address, row => row.Needs);

    public static IEnumerable<string> Addresses => Table.Keys;

    /// <param name="pattern">Of a page's route, from the root.</param>
    public static Needs Page(string pattern) => Pages.GetValueOrDefault(pattern) ?? new Needs(Audience.Principals, Read, All);

    /// <param name="method">GET, POST...</param>
    /// <param name="pattern">The route's, from the root: <c>/api/v1/devices/{id}</c>.</param>
    /// <returns>Null when nobody has said what it needs.</returns>
    public static Needs? Find(string method, string pattern)
    {
        if (Table.TryGetValue($"{method} {pattern}", out var needs)) return needs;
        if (Nowhere.Contains(pattern)) return Needs.Open;
        var mlflow = pattern.StartsWith(MlflowEndpoints.Root + "/", StringComparison.Ordinal);
        if (!mlflow && !pattern.StartsWith(MlflowEndpoints.ArtefactRoot + "/", StringComparison.Ordinal)) return null;
        var reads = method == "GET" || (mlflow && MlflowReads.Contains(pattern[(MlflowEndpoints.Root.Length + 1)..]));
        return new Needs(Audience.Principals, reads ? Read : Operate, NoSite);
    }
}

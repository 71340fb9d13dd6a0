using System.Globalization;
using System.Threading.RateLimiting;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Access.Sessions;

namespace CvOps.Fleet.Access.Rates;

/// <summary>
/// How fast somebody may ask (ASP.NET Core's rate limiter over token buckets): far above what pages, programs and people do, so that one that runs wild holds up
/// nobody else. Refused with 429, <c>Retry-After</c> and problem details.
/// </summary>
internal static class RequestLimits
{
    /// <summary>A bucket holds so many seconds of its rate: a page with its pictures comes at once.</summary>
    private const int BurstSeconds = 20;

    public static void AddLimits(this IServiceCollection services, FleetOptions options) => services.AddRateLimiter(limiter =>
    {
        limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, (LimitKind Kind, string Key)>(http => PartitionOf(http, options));
        limiter.OnRejected = (context, _) => RefuseAsync(context.HttpContext, context.Lease);
    });

    private static RateLimitPartition<(LimitKind, string)> PartitionOf(HttpContext http, FleetOptions options)
    {
        var needs = http.GetEndpoint() is RouteEndpoint endpoint ? AccessGate.NeedsOf(endpoint, http.Request.Method) : null;
        var key = LimitRule.Of(needs, Principal.Of(http), http.Connection.RemoteIpAddress);
        return key.Kind switch
        {
            LimitKind.None => RateLimitPartition.GetNoLimiter(key),
            LimitKind.Entry => RateLimitPartition.GetTokenBucketLimiter(key, _ => Bucket(1, TimeSpan.FromMinutes(1) / options.SignInsPerMinute, options.SignInsPerMinute)),
            LimitKind.Principal => RateLimitPartition.GetTokenBucketLimiter(key, _ => Bucket(options.RequestsPerSecond, TimeSpan.FromSeconds(1), options.RequestsPerSecond * BurstSeconds)),
            _ => RateLimitPartition.GetTokenBucketLimiter(key, _ => Bucket(options.StrangerRequestsPerSecond, TimeSpan.FromSeconds(1), options.StrangerRequestsPerSecond * BurstSeconds)),
        };
    }

    private static TokenBucketRateLimiterOptions Bucket(int tokens, TimeSpan period, int most) => new() { TokensPerPeriod = tokens, ReplenishmentPeriod = period, TokenLimit = most, QueueLimit = 0 };

    private static async ValueTask RefuseAsync(HttpContext http, RateLimitLease lease)
    {
        // A form of the sign-in page: its person reads a page, not JSON.
        if (http.Request.Path.StartsWithSegments(SignIn.Path, StringComparison.Ordinal))
        {
            http.Response.Redirect($"{SignIn.Path}?refused={SessionEndpoints.TooMany}");
            return;
        }
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var left) ? Math.Max(1, (int)Math.Ceiling(left.TotalSeconds)) : 1;
        http.Response.Headers.RetryAfter = wait.ToString(CultureInfo.InvariantCulture);
        await AccessGate.RefuseAsync(http, StatusCodes.Status429TooManyRequests, "Too many requests",
            $"{(Principal.Of(http) is { } who ? $"{who.Name} asks" : "This address asks")} faster than this fleet takes for long. Wait {wait} s (Retry-After); Fleet:RequestsPerSecond, StrangerRequestsPerSecond and SignInsPerMinute of the fleet set the bounds.");
    }
}

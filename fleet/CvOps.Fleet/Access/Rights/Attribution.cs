using System.Collections.Concurrent;
using System.Reflection;
using CvOps.Contracts.Api;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Primitives;

namespace CvOps.Fleet.Access.Rights;

/// <summary>
/// Whoever signed in acts in that name: what a request claims in <c>by</c> (body, query, header) is replaced. Programs that may act for others keep what they say.
/// </summary>
internal sealed class Attribution : IEndpointFilter
{
    private const string Query = "by";

    private static readonly ConcurrentDictionary<Type, PropertyInfo?> Signatures = new();

    public static void Apply(HttpContext http, Principal principal)
    {
        if (principal.ActsForOthers) return;
        http.Request.Headers[ApiRoutes.ByHeader] = principal.Name;
        // Where a request only asks, by= is what it looks for.
        if (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)) return;
        http.Request.QueryString = new QueryBuilder([.. http.Request.Query.Where(pair => pair.Key != Query), KeyValuePair.Create(Query, new StringValues(principal.Name))]).ToQueryString();
    }

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (Principal.Of(context.HttpContext) is { ActsForOthers: false } principal)
            foreach (var argument in context.Arguments)
                if (argument is not null && SignatureOf(argument.GetType()) is { } by) by.SetValue(argument, principal.Name);
        return next(context);
    }

    /// <summary>The member that says who asks, of a record that came as a body; it is this request's own.</summary>
    public static PropertyInfo? SignatureOf(Type type) => Signatures.GetOrAdd(type, static known =>
        known.Namespace?.StartsWith("CvOps.Contracts", StringComparison.Ordinal) == true && known.GetProperty("By") is { CanWrite: true } by && by.PropertyType == typeof(string) ? by : null);
}

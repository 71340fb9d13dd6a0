namespace CvOps.Fleet.Api.Manners;

/// <summary>
/// What every answer carries: no browser takes it for another type than it says, and nothing in it runs or is framed. Files that people bring (artefacts, logs, pictures)
/// come from this fleet's own address, where a script would have their session. Pages say a policy of their own (<see cref="Web.WebEndpoints"/>).
/// </summary>
internal static class SafeHeaders
{
    private const string Policy = "default-src 'none'; frame-ancestors 'none'";

    public static void UseSafeHeaders(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        // When it starts: an answer to a failure clears what was set before.
        http.Response.OnStarting(static state =>
        {
            var http = (HttpContext)state;
            var headers = http.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            // The pages' own files are ours, and icons are drawn with styles of their own.
            if (headers.ContentSecurityPolicy.Count == 0 && !http.Request.Path.StartsWithSegments(Web.Assets.Root, StringComparison.Ordinal)) headers.ContentSecurityPolicy = Policy;
            return Task.CompletedTask;
        }, http);
        return next(http);
    });
}

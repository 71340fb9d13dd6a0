using System.Security.Cryptography;
using System.Text;
using CvOps.Fleet.Access.Rights;
using Microsoft.Net.Http.Headers;

namespace CvOps.Fleet.Web;

/// <summary>Styles, scripts and icons, embedded in the program. Style sheets are served as one, in the order of their names.</summary>
internal static class Assets
{
    public const string Root = "/assets";
    private const string Styles = "css/";

    public static void MapAssets(this IEndpointRouteBuilder app)
    {
        var names = typeof(Assets).Assembly.GetManifestResourceNames();
        foreach (var name in names.Where(name => Type(name) is not null)) Serve(app, name, Type(name)!, Read(name));
        var styles = names.Where(name => name.StartsWith(Styles, StringComparison.Ordinal)).Order(StringComparer.Ordinal).SelectMany(Read);
        Serve(app, "site.css", "text/css", [.. styles]);
    }

    private static void Serve(IEndpointRouteBuilder app, string name, string type, byte[] bytes)
    {
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\"");
        app.MapGet($"{Root}/{name}", (HttpContext http) =>
        {
            http.Response.Headers.CacheControl = "no-cache";
            return Results.File(bytes, type, entityTag: tag);
        }).WithMetadata(Needs.Open);
    }

    /// <returns>Null for what is not served by its own name.</returns>
    private static string? Type(string name) => Path.GetExtension(name) switch
    {
        ".js" => "text/javascript",
        ".svg" => "image/svg+xml",
        _ => null,
    };

    private static byte[] Read(string name)
    {
        using var stream = typeof(Assets).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not embedded.");
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return name.StartsWith(Styles, StringComparison.Ordinal) ? [.. memory.ToArray(), .. Encoding.UTF8.GetBytes("\n")] : memory.ToArray();
    }
}

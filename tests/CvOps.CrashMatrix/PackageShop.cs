using System.Security.Cryptography;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using CvOps.Vision.Packaging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CvOps.CrashMatrix;

/// <summary>A real package server with two real models, v1 and v2, and the key they are signed with.</summary>
internal sealed class PackageShop : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly ECDsa _key = SigningKeys.Create();
    private readonly WebApplication _server;

    private PackageShop(WebApplication server) => _server = server;

    public string TrustedKeys => _folder["keys"];

    public DesiredModel V1 { get; private set; } = null!;

    public DesiredModel V2 { get; private set; } = null!;

    public static async Task<PackageShop> OpenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        var shop = new PackageShop(server);
        server.MapGet("/{name}", (string name) => File.Exists(shop._folder[name]) ? Results.File(shop._folder[name], enableRangeProcessing: true) : Results.NotFound());
        await server.StartAsync();
        Directory.CreateDirectory(shop.TrustedKeys);
        SigningKeys.SavePublic(shop._key, Path.Combine(shop.TrustedKeys, "signer.pem"));
        (shop.V1, shop.V2) = (shop.Publish("v1", 1), shop.Publish("v2", 2));
        return shop;
    }

    public string PathOf(DesiredModel model) => _folder[$"{model.Model.Version}.cvmodel"];

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _key.Dispose();
        _folder.Dispose();
    }

    private DesiredModel Publish(string version, float bias)
    {
        var path = _folder[$"{version}.cvmodel"];
        var manifest = new ModelManifest
        {
            Name = "tiny", Version = version, Task = ModelTask.Classification, Input = new InputSpec { Name = "images", Width = 8, Height = 8 },
            Decoder = new DecoderSpec { Kind = DecoderKind.Logits, Outputs = ["logits"], Embedding = "embedding" }, Classes = ["good", "bad"],
        };
        var digest = PackageBuilder.Build(path, manifest, TinyOnnx.MeanColourClassifier(8, 8, [1, 0, 0, 0, 1, 0], [bias, 0]), [], _key);
        return new DesiredModel(new ModelRef("tiny", version, digest), null, new Uri($"{_server.Urls.First()}/{version}.cvmodel"), new FileInfo(path).Length, CompareWithPrevious: false);
    }
}

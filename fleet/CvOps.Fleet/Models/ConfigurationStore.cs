using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Access;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Models;

/// <summary>Settings for devices, under the digest of their text. They never change and never leave; whether they fit is each device's word, which knows its own file.</summary>
internal sealed class ConfigurationStore(Database database, TimeProvider time)
{
    public Task<ConfigurationView[]> ListAsync(CancellationToken cancel) => database.ReadAsync(connection =>
        connection.Query<(string Digest, string Name, long At, string By)>("SELECT digest, name, at, by FROM configuration ORDER BY at DESC, digest")
            .Select(row => new ConfigurationView(row.Digest, row.Name, SqlTime.From(row.At), row.By, null)).ToArray(), cancel);

    public Task<ConfigurationView?> FindAsync(string digest, CancellationToken cancel) => database.ReadAsync(connection =>
        connection.Query<(string Name, long At, string By, string Settings)>("SELECT name, at, by, settings FROM configuration WHERE digest = @digest", new { digest })
            .Select(row => new ConfigurationView(digest, row.Name, SqlTime.From(row.At), row.By, row.Settings)).SingleOrDefault(), cancel);

    /// <summary>The order for a device; null when there is no such configuration.</summary>
    public async Task<DesiredConfiguration?> OrderAsync(string digest, string? rollout, CancellationToken cancel) =>
        await FindAsync(digest, cancel) is { Settings: { } settings } ? new DesiredConfiguration(digest, rollout, settings) : null;

    /// <summary>Keeps a text. The same text again is what it was.</summary>
    /// <exception cref="ArgumentException">It is longer than a device takes, or empty.</exception>
    public async Task<ConfigurationView> AddAsync(string name, string settings, string by, CancellationToken cancel)
    {
        if (settings.Length > Limits.ConfigurationCharacters) throw new ArgumentException($"The settings have {settings.Length} characters; a device takes {Limits.ConfigurationCharacters} at most.");
        if (string.IsNullOrWhiteSpace(settings)) throw new ArgumentException("The settings are empty.");
        var digest = DesiredConfiguration.DigestOf(settings);
        await database.WriteAsync(connection =>
        {
            var added = connection.Execute(
                "INSERT INTO configuration (digest, name, at, by, settings) VALUES (@digest, @name, @at, @by, @settings) ON CONFLICT DO NOTHING", new { digest, name, at = SqlTime.Of(time.GetUtcNow()), by, settings });
            return added == 1 ? Audit.Add(connection, time.GetUtcNow(), by, "configuration.registered", digest, name) : 0;
        }, cancel);
        return (await FindAsync(digest, cancel))!;
    }
}

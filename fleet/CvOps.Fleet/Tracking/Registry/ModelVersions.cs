using System.Data.Common;
using System.Globalization;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Tracking.Registry;

/// <summary>Versions of registered models: packages, and what clients registered of their own runs.</summary>
internal sealed class ModelVersions(Database database, SharedWrites shared, TimeProvider time)
{
    public async Task<RegisteredVersion> CreateAsync(NewVersion asked, CancellationToken cancel)
    {
        var version = await shared.WriteAsync(connection =>
        {
            if (RegistryTables.HasPackage(connection, asked.Name))
                throw TrackingException.Invalid($"'{asked.Name}' is a model of CvOps, whose versions are signed packages: 'cvops model push' registers one, or choose another name.");
            var now = time.GetUtcNow();
            RegistryTables.Touch(connection, asked.Name, now);
            var number = RegistryTables.NextNumber(connection, asked.Name);
            var text = number.ToString(CultureInfo.InvariantCulture);
            RegistryTables.AddVersion(connection, new RegisteredVersion(asked.Name, text, number, asked.Description, asked.Source, asked.Run, asked.RunLink, asked.By, null, now, now, [], []));
            foreach (var tag in asked.Tags) RegistryTables.SetVersionTag(connection, asked.Name, text, tag);
            return text;
        }, cancel);
        return await GetAsync(asked.Name, version, cancel);
    }

    /// <exception cref="TrackingException">There is none.</exception>
    public Task<RegisteredVersion> GetAsync(string name, string version, CancellationToken cancel) => database.ReadMomentAsync(connection => RegistryReader.Version(connection, name, version), cancel);

    /// <summary>The newest of a model, or none.</summary>
    /// <exception cref="TrackingException">There is no such model.</exception>
    public Task<RegisteredVersion[]> LatestAsync(string name, CancellationToken cancel) => database.ReadMomentAsync(connection =>
        RegistryReader.Models(connection, [name]) is [var model] ? model.Latest is { } latest ? new[] { latest } : [] : throw TrackingException.Missing("registered model", name), cancel);

    /// <exception cref="TrackingException">There is no such alias.</exception>
    public Task<RegisteredVersion> ByAliasAsync(string name, string alias, CancellationToken cancel) => database.ReadMomentAsync(connection =>
        RegistryReader.Aliases(connection, [name])[name].FirstOrDefault(known => known.Alias == alias) is { Alias: not null } found
            ? RegistryReader.Version(connection, name, found.Version)
            : throw TrackingException.Missing($"alias of '{name}'", alias), cancel);

    /// <inheritdoc cref="RunSearch.Prepare"/>
    public Task<(IReadOnlyList<RegisteredVersion> Versions, string? Next)> SearchAsync(string? filter, IReadOnlyList<string> order, int limit, string? token, CancellationToken cancel) =>
        database.ReadMomentAsync(RegistrySearch.Versions(filter, order, limit, token), cancel);

    public Task<RegisteredVersion> DescribeAsync(string name, string version, string description, CancellationToken cancel) => ChangeAsync(name, version,
        connection => connection.Execute("UPDATE model_version SET description = @description WHERE name = @name AND version = @version", new { name, version, description }), cancel);

    public Task<RegisteredVersion> SetTagAsync(string name, string version, KeyText tag, CancellationToken cancel) =>
        ChangeAsync(name, version, connection => RegistryTables.SetVersionTag(connection, name, version, tag), cancel);

    public Task<RegisteredVersion> DeleteTagAsync(string name, string version, string key, CancellationToken cancel) => ChangeAsync(name, version,
        connection => connection.Execute("DELETE FROM model_version_tag WHERE name = @name AND version = @version AND key = @key", new { name, version, key }), cancel);

    public Task DeleteAsync(string name, string version, CancellationToken cancel) => shared.WriteAsync(connection =>
    {
        if (RegistryReader.Version(connection, name, version).Digest is not null)
            throw TrackingException.Invalid($"{name} {version} is a package, and packages never leave the registry; 'cvops model revoke' ends its use.");
        foreach (var table in (ReadOnlySpan<string>)["model_version_tag", "registered_model_alias", "model_version"])
            connection.Execute($"DELETE FROM {table} WHERE name = @name AND version = @version", new { name, version });
        return true;
    }, cancel);

    private async Task<RegisteredVersion> ChangeAsync(string name, string version, Action<DbConnection> change, CancellationToken cancel)
    {
        await shared.WriteAsync(connection =>
        {
            if (connection.Execute("UPDATE model_version SET updated_at = @now WHERE name = @name AND version = @version", new { name, version, now = SqlTime.Of(time.GetUtcNow()) }) == 0)
                throw TrackingException.Missing($"version of '{name}'", version);
            change(connection);
            return true;
        }, cancel);
        return await GetAsync(name, version, cancel);
    }
}

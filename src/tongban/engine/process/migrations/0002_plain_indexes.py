from django.db import migrations

# Nobody searches ids by pattern; each of these indexes would be written with every row.
PLAIN = """
DO $$ DECLARE name text; BEGIN
FOR name IN SELECT indexname FROM pg_indexes WHERE tablename LIKE 'process\\_%' AND indexname LIKE '%\\_like'
LOOP EXECUTE format('DROP INDEX %I', name); END LOOP; END $$;
"""


class Migration(migrations.Migration):
    # Of its own, because these indexes are made when the first migration ends.
    dependencies = [("process", "0001_initial")]
    operations = [migrations.RunSQL(PLAIN, migrations.RunSQL.noop)]
